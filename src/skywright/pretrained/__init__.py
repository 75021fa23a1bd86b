"""Small models trained by us: ONNX or NPZ with a card each."""
