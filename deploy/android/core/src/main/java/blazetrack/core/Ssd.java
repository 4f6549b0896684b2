package blazetrack.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The head {@code ssd} and the node {@code detect}: boxes, scores and anchors to detections. */
final class Ssd {
    private final Network network;
    private final float[] centers;
    private final double minScore;
    private final double minIou;

    Ssd(Network network, Settings settings) {
        this.network = network;
        this.centers = anchorCenters(network.card());
        this.minScore = settings.number("option.detect.min_score");
        this.minIou = settings.number("option.detect.min_iou");
    }

    List<Detection> detect(List<Crop> crops) {
        List<Detection> found = new ArrayList<>();
        for (int row = 0; row < crops.size(); row++) {
            Map<String, Tensor> outputs = network.run(crops.get(row).pixels());
            found.addAll(merged(decoded(outputs, row), minIou));
        }
        return found;
    }

    /** Centres x y of all anchors, in parts of the input: by stride, then y, x, anchor. */
    static float[] anchorCenters(ModelCard card) {
        List<Float> out = new ArrayList<>();
        int[] strides = card.strides();
        for (int i = 0; i < strides.length; ) {
            int maps = 1;
            while (i + maps < strides.length && strides[i + maps] == strides[i]) {
                maps++; // consecutive maps of one stride share their cells
            }
            int rows = (card.height() + strides[i] - 1) / strides[i];
            int columns = (card.width() + strides[i] - 1) / strides[i];
            for (int cell = 0; cell < rows * columns; cell++) {
                for (int anchor = 0; anchor < card.perMap() * maps; anchor++) {
                    out.add((cell % columns + 0.5f) / columns);
                    out.add((cell / columns + 0.5f) / rows);
                }
            }
            i += maps;
        }
        float[] centers = new float[out.size()];
        for (int i = 0; i < centers.length; i++) {
            centers[i] = out.get(i);
        }
        return centers;
    }

    private List<Detection> decoded(Map<String, Tensor> outputs, int row) {
        float[] logits = outputs.get("scores").values();
        float[] boxes = outputs.get("boxes").values();
        if (logits.length != centers.length / 2 || boxes.length % logits.length != 0) {
            throw new IllegalStateException("detect: " + network.card().name() + ": expected "
                    + centers.length / 2 + " rows, got " + logits.length);
        }
        List<Detection> found = new ArrayList<>();
        for (int i = 0; i < logits.length; i++) {
            float score = Numbers.sigmoid(logits[i]);
            if (score >= minScore) { // false for NaN
                Detection one = decodedRow(boxes, boxes.length / logits.length, i, score, row);
                if (one != null) {
                    found.add(one);
                }
            }
        }
        return found;
    }

    /** A detection; null without area, or not finite. */
    private Detection decodedRow(float[] raw, int size, int anchor, float score, int row) {
        ModelCard card = network.card();
        float[] points = new float[size];
        for (int k = 0; k < size; k++) {
            points[k] = raw[anchor * size + k] / (k % 2 == 0 ? card.width() : card.height());
            if (k != 2 && k != 3) {
                points[k] += centers[2 * anchor + k % 2];
            }
            if (Float.isNaN(points[k]) || Float.isInfinite(points[k])) {
                return null;
            }
        }
        float halfWidth = points[2] / 2;
        float halfHeight = points[3] / 2;
        float[] box = {
            points[0] - halfWidth, points[1] - halfHeight,
            points[0] + halfWidth, points[1] + halfHeight,
        };
        if (box[2] < box[0] || box[3] < box[1]) {
            return null;
        }
        return new Detection(box, java.util.Arrays.copyOfRange(points, 4, size), score, row);
    }

    /** Weighted non-maximum suppression: boxes that overlap the best one are merged with it. */
    static List<Detection> merged(List<Detection> found, double minIou) {
        List<Detection> rest = new ArrayList<>(found);
        rest.sort((a, b) -> Float.compare(b.score(), a.score()));
        List<Detection> kept = new ArrayList<>();
        while (!rest.isEmpty()) {
            Detection top = rest.get(0);
            List<Detection> others = new ArrayList<>();
            float[] box = new float[4];
            float[] keypoints = new float[top.keypoints().length];
            float total = 0;
            for (Detection one : rest) {
                if (one != top && !(iou(top.box(), one.box()) > minIou)) {
                    others.add(one);
                    continue;
                }
                total += one.score();
                addTo(box, one.box(), one.score());
                addTo(keypoints, one.keypoints(), one.score());
            }
            divide(box, total);
            divide(keypoints, total);
            kept.add(new Detection(box, keypoints, top.score(), top.row()));
            rest = others;
        }
        return kept;
    }

    private static void addTo(float[] sum, float[] values, float weight) {
        for (int i = 0; i < sum.length; i++) {
            sum[i] += values[i] * weight;
        }
    }

    private static void divide(float[] values, float by) {
        for (int i = 0; i < values.length; i++) {
            values[i] /= by;
        }
    }

    private static double iou(float[] a, float[] b) {
        double width = (double) Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
        double height = (double) Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
        double common = Math.max(width, 0) * Math.max(height, 0);
        double area = area(a) + area(b) - common;
        return area > 0 ? common / area : 0;
    }

    private static double area(float[] box) {
        return ((double) box[2] - box[0]) * ((double) box[3] - box[1]);
    }
}
