package blazetrack.core;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.IntFunction;

/** The speed of a pipeline: frames per second, and the time of each node. */
public final class Benchmark implements Trace {
    private static final int WARM_UP = 10; // frames off the clock
    private static final double FPS = 30; // of the clip
    private static final double NANOS_PER_MS = 1e6;

    private final Map<String, List<Double>> nodes = new LinkedHashMap<>();
    private final List<Double> frames = new ArrayList<>();
    private boolean counted;
    private int found;

    /**
     * Times of one node.
     *
     * @param name its name in the graph
     * @param runs number of runs
     * @param p50 median in milliseconds
     * @param p90 90th percentile
     * @param p99 99th percentile
     */
    public record Node(String name, int runs, double p50, double p90, double p99) {}

    /**
     * The result.
     *
     * @param frames on the clock
     * @param found frames with a person
     * @param detectorRuns runs of the detector, warm-up included
     * @param fps frames per second
     * @param frameMs median of a frame in milliseconds
     * @param frameP90Ms 90th percentile of a frame
     * @param nodes in the order of their first run
     */
    public record Result(int frames, int found, int detectorRuns, double fps, double frameMs,
            double frameP90Ms, List<Node> nodes) {}

    @Override
    public void ran(String node, long nanos, Object value) {
        if (counted) {
            nodes.computeIfAbsent(node, name -> new ArrayList<>()).add(nanos / NANOS_PER_MS);
        }
    }

    /**
     * Track the pictures of a clip, to and fro, so that it has no cut.
     *
     * @param pipeline with this object as its trace
     * @param picture a picture by index; making it is not on the clock
     * @param count number of pictures
     * @param total frames on the clock
     * @param go whether to go on, asked before each frame
     * @return null where it was not to go on
     */
    public Result run(Pipeline pipeline, IntFunction<Image> picture, int count, int total,
            BooleanSupplier go) {
        for (int i = 0; i < WARM_UP + total; i++) {
            if (!go.getAsBoolean()) {
                return null;
            }
            int turn = count < 2 ? 0 : i % (2 * count - 2);
            Image image = picture.apply(turn < count ? turn : 2 * count - 2 - turn);
            counted = i >= WARM_UP;
            long start = System.nanoTime();
            Pose pose = pipeline.step(Frame.of(image, i / FPS));
            if (counted) {
                frames.add((System.nanoTime() - start) / NANOS_PER_MS);
                found += pose == null ? 0 : 1;
            }
        }
        List<Node> rows = new ArrayList<>();
        nodes.forEach((name, times) -> rows.add(new Node(name, times.size(),
                percentile(times, 0.5), percentile(times, 0.9), percentile(times, 0.99))));
        double sum = frames.stream().mapToDouble(Double::doubleValue).sum();
        return new Result(frames.size(), found, pipeline.detectorRuns(), frames.size() / sum * 1e3,
                percentile(frames, 0.5), percentile(frames, 0.9), rows);
    }

    /** With linear interpolation between neighbours. */
    private static double percentile(List<Double> values, double part) {
        List<Double> ordered = new ArrayList<>(values);
        Collections.sort(ordered);
        double place = part * (ordered.size() - 1);
        int low = (int) place;
        double high = ordered.get(Math.min(low + 1, ordered.size() - 1));
        return ordered.get(low) + (place - low) * (high - ordered.get(low));
    }
}
