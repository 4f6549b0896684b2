package blazetrack.core;

/** An output of a network: its values row by row, and their shape. */
public record Tensor(int[] shape, float[] values) {}
