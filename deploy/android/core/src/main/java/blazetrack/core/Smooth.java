package blazetrack.core;

import java.util.Arrays;
import java.util.List;

/** The node {@code smooth} for one person, preset {@code mediapipe_legacy}. */
final class Smooth {
    private static final float[] LANDMARKS = {0.05f, 80f}; // min_cutoff, beta
    private static final float[] WORLD = {0.1f, 40f};
    private static final float[] ALIGNMENT = {0.01f, 10f};
    private static final float VISIBILITY = 0.1f; // alpha
    private static final float MIN_SCALE_PX = 1e-6f;

    private final double factor; // on all cutoffs
    private int person;
    private OneEuro image;
    private OneEuro world;
    private float[] seen;

    Smooth(Settings settings) {
        double strength = Double.parseDouble(settings.text("option.smooth.strength", "0.5"));
        factor = strength == 0 ? 0 : (1.25 - strength) / (1.5 * strength);
        restart();
    }

    /** Drop all filters. */
    void restart() {
        person = 0;
    }

    List<Pose> smooth(List<Pose> poses, double timeS) {
        if (poses.isEmpty() || factor == 0) {
            restart();
            return poses;
        }
        return List.of(smooth(poses.get(0), timeS));
    }

    private Pose smooth(Pose pose, double timeS) {
        int values = pose.landmarksPx().length;
        if (pose.id() != person) {
            person = pose.id();
            seen = null;
            world = filter(new int[] {values}, WORLD);
            image = filter(new int[] {values, 4}, LANDMARKS, ALIGNMENT);
        }
        float[] visibility = floats(pose.visibility());
        for (int i = 0; seen != null && i < visibility.length; i++) {
            visibility[i] = OneEuro.mixed(VISIBILITY, visibility[i], seen[i]);
        }
        seen = visibility;
        Pose shown = pose.withSeen(doubles(visibility, 0, visibility.length), pose.presence());
        float[] points = floats(pose.alignmentPx());
        float dx = points[2] - points[0];
        float dy = points[3] - points[1];
        float size = (float) Math.sqrt(dx * dx + dy * dy) * 2f;
        if (size < MIN_SCALE_PX) {
            return shown;
        }
        float[] metres = world.filter(floats(pose.worldM()), timeS, 1);
        float[] both = Arrays.copyOf(floats(pose.landmarksPx()), values + 4);
        System.arraycopy(points, 0, both, values, 4);
        both = image.filter(both, timeS, 1f / size);
        return new Pose(doubles(both, 0, values), doubles(metres, 0, values), shown.visibility(),
                pose.presence(), pose.score(), pose.id(), doubles(both, values, values + 4));
    }

    /** A filter of one array with parts of these sizes and parameters. */
    private OneEuro filter(int[] sizes, float[]... parameters) {
        int total = Arrays.stream(sizes).sum();
        float[] minCutoff = new float[total];
        float[] beta = new float[total];
        for (int part = 0, from = 0; part < sizes.length; from += sizes[part++]) {
            Arrays.fill(minCutoff, from, from + sizes[part], scaled(parameters[part][0]));
            Arrays.fill(beta, from, from + sizes[part], scaled(parameters[part][1]));
        }
        return new OneEuro(minCutoff, beta);
    }

    private float scaled(float value) {
        return (float) (value * factor);
    }

    private static float[] floats(double[] values) {
        float[] out = new float[values.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = (float) values[i];
        }
        return out;
    }

    private static double[] doubles(float[] values, int from, int to) {
        double[] out = new double[to - from];
        for (int i = 0; i < out.length; i++) {
            out[i] = values[from + i];
        }
        return out;
    }
}
