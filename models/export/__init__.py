"""Export to TFLite, int8 quantization, model cards."""
