"""What comes in: element sets, ephemerides and conjunction messages, read, checked and marked."""
