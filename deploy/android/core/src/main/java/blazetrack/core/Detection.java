package blazetrack.core;

/**
 * A detected person, in parts of the side of the crop.
 *
 * @param box x0 y0 x1 y1
 * @param keypoints x y of each
 * @param score 0..1
 * @param row index of the crop
 */
public record Detection(float[] box, float[] keypoints, float score, int row) {}
