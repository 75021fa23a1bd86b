"""Manoeuvres from histories of element sets: residuals, steps, a floor, a learned detector."""
