package blazetrack.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The head {@code blazepose} and the node {@code landmarks}: crops to keypoints. */
final class Landmarker {
    private static final int VALUES = 5; // x, y, z in crop pixels, visibility and presence logit
    private static final double MIN_CONFIDENCE = 0.5;
    private static final int KERNEL_SIZE = 7;

    private final Network network;
    private final int keypoints;
    private final double minScore;
    private final boolean refine;
    private final int kernelSize;

    /**
     * A node of the graph.
     *
     * @param node its name
     */
    Landmarker(Network network, Settings settings, String node) {
        this.network = network;
        this.keypoints = settings.text("keypoints").split(" ").length;
        String option = "option." + node + ".";
        this.minScore = settings.number(option + "min_score");
        this.refine = settings.text(option + "refine", "true").equals("true");
        String size = settings.text(option + "kernel_size", Integer.toString(KERNEL_SIZE));
        this.kernelSize = Integer.parseInt(size);
    }

    List<Landmarks> find(List<Crop> crops) {
        List<Landmarks> found = new ArrayList<>();
        for (int row = 0; row < crops.size(); row++) {
            Landmarks one = decoded(network.run(crops.get(row).pixels()), row);
            if (one.score() > minScore) { // false for NaN
                found.add(one);
            }
        }
        return found;
    }

    private Landmarks decoded(Map<String, Tensor> outputs, int row) {
        float[] raw = outputs.get("landmarks").values();
        int rows = keypoints + 2;
        if (raw.length < rows * VALUES) {
            throw new IllegalStateException("landmarks: " + network.card().name()
                    + ": expected at least " + rows * VALUES + " values, got " + raw.length);
        }
        double[] xy = new double[2 * rows];
        for (int i = 0; i < xy.length; i++) {
            xy[i] = raw[i / 2 * VALUES + i % 2];
        }
        double[] peaks = null;
        Tensor heatmap = outputs.get("heatmap");
        if (refine && heatmap != null) {
            refineAll(xy, heatmap);
            peaks = peaks(heatmap);
        }
        double[] xyz = new double[3 * keypoints];
        double[] visibility = new double[keypoints];
        double[] presence = new double[keypoints];
        for (int i = 0; i < keypoints; i++) {
            xyz[3 * i] = xy[2 * i];
            xyz[3 * i + 1] = xy[2 * i + 1];
            xyz[3 * i + 2] = raw[i * VALUES + 2];
            visibility[i] = Numbers.sigmoid(raw[i * VALUES + 3]);
            presence[i] = Numbers.sigmoid(raw[i * VALUES + 4]);
        }
        double[] world = new double[3 * keypoints];
        Tensor metres = outputs.get("world");
        for (int i = 0; metres != null && i < world.length; i++) {
            world[i] = metres.values()[i];
        }
        double[] alignment = java.util.Arrays.copyOfRange(xy, 2 * keypoints, 2 * rows);
        double score = outputs.get("score").values()[0];
        return new Landmarks(xyz, world, visibility, presence, score, row, alignment, peaks);
    }

    /** Move each landmark to the centre of gravity of its heatmap in a window around it. */
    private void refineAll(double[] xy, Tensor heatmap) {
        ModelCard card = network.card();
        int[] shape = heatmap.shape();
        float[] size = {shape[2], shape[1]};
        for (int i = 0; i < xy.length / 2; i++) {
            float x = (float) (xy[2 * i] / card.width());
            float y = (float) (xy[2 * i + 1] / card.height());
            float[] moved = refined(heatmap, i, (int) (x * size[0]), (int) (y * size[1]));
            if (moved != null && !Float.isNaN(x) && !Float.isNaN(y)) {
                xy[2 * i] = (double) moved[0] * card.width();
                xy[2 * i + 1] = (double) moved[1] * card.height();
            }
        }
    }

    /** x y in parts of the map's side; null where the window is not sure, or outside. */
    private float[] refined(Tensor heatmap, int channel, int column, int row) {
        int height = heatmap.shape()[1];
        int width = heatmap.shape()[2];
        int channels = heatmap.shape()[3];
        if (column < 0 || column >= width || row < 0 || row >= height) {
            return null;
        }
        int half = (kernelSize - 1) / 2;
        float total = 0;
        float momentX = 0;
        float momentY = 0;
        float best = 0;
        for (int r = Math.max(row - half, 0); r <= Math.min(row + half, height - 1); r++) {
            for (int c = Math.max(column - half, 0); c <= Math.min(column + half, width - 1); c++) {
                int at = (r * width + c) * channels + channel;
                float weight = Numbers.sigmoid(heatmap.values()[at]);
                total += weight;
                momentX += weight * c;
                momentY += weight * r;
                best = Math.max(best, weight);
            }
        }
        return best >= MIN_CONFIDENCE && total > 0
                ? new float[] {momentX / width / total, momentY / height / total}
                : null;
    }

    /** Highest value of the heatmap of each keypoint. */
    private double[] peaks(Tensor heatmap) {
        int channels = heatmap.shape()[3];
        float[] values = heatmap.values();
        double[] peaks = new double[keypoints];
        for (int i = 0; i < keypoints; i++) {
            float best = Float.NEGATIVE_INFINITY;
            for (int at = i; at < values.length; at += channels) {
                best = Math.max(best, values[at]);
            }
            peaks[i] = Numbers.sigmoid(best);
        }
        return peaks;
    }
}
