package blazetrack.core;

/**
 * The person in a crop.
 *
 * @param xyzCrop x y z of each keypoint, crop pixels
 * @param worldM x y z of each keypoint, metres, in the orientation of the crop
 * @param visibility of each keypoint, 0..1
 * @param presence of each keypoint, 0..1
 * @param score of the network, and behind {@link PoseScore} of the pose
 * @param row index of the crop
 * @param alignmentCrop x y of the centre of the person, and of the point above the head
 * @param peaks highest value of the heatmap of each keypoint; null without heatmaps
 */
public record Landmarks(
        double[] xyzCrop,
        double[] worldM,
        double[] visibility,
        double[] presence,
        double score,
        int row,
        double[] alignmentCrop,
        double[] peaks) {

    Landmarks withScore(double other) {
        return new Landmarks(
                xyzCrop, worldM, visibility, presence, other, row, alignmentCrop, peaks);
    }
}
