package blazetrack.core;

import java.util.ArrayDeque;

/**
 * The node {@code timeline}: frames on a steady clock, and where another scene begins.
 *
 * <p>Limits and rules are those of blazetrack/tracking/timeline.py.
 */
final class Timeline {
    private static final double MIN_CONTRAST = 4;
    private static final double MIN_DIFFERENCE = 0.25;
    private static final double USUAL_FACTOR = 4;
    private static final double MIN_CHANGED = 0.2;
    private static final double SHIFTED_FACTOR = 1.5;
    private static final double MAX_SHIFT = 0.6;
    private static final int KEPT = 8;

    private final boolean findCuts;
    private final SteadyClock clock;
    private final ArrayDeque<Double> usual = new ArrayDeque<>();
    private Thumbnail last;
    private int width;
    private int height;
    private boolean restarts;

    Timeline(Settings settings) {
        findCuts = settings.text("option.timeline.find_cuts").equals("true");
        clock = new SteadyClock(settings.number("option.timeline.max_gap_s"));
    }

    /** Whether the newest frame shows another scene. */
    boolean restarts() {
        return restarts;
    }

    Frame next(Frame frame) {
        Image image = frame.image();
        restarts = width != 0 && (image.width() != width || image.height() != height);
        width = image.width();
        height = image.height();
        restarts |= findCuts && isCut(frame.thumbnail());
        return frame.at(clock.time(frame.timeS()));
    }

    private boolean isCut(Thumbnail now) {
        if (now.power() < MIN_CONTRAST * MIN_CONTRAST) { // a flash shows no scene
            return false;
        }
        Thumbnail before = last;
        last = now;
        if (before == null) {
            return false;
        }
        double value = 1 - before.correlation(now);
        if (value <= MIN_DIFFERENCE) {
            add(value);
            return false;
        }
        double[] found = difference(before, now);
        double limit = usual.isEmpty() ? 0 : USUAL_FACTOR * Numbers.median(usual);
        boolean cut = found[0] > Math.max(MIN_DIFFERENCE, limit) && found[1] > MIN_CHANGED;
        if (cut) {
            usual.clear();
        } else {
            add(found[0]);
        }
        return cut;
    }

    private void add(double value) {
        usual.addLast(value);
        if (usual.size() > KEPT) {
            usual.removeFirst();
        }
    }

    /**
     * 1 − correlation, and the share of changed cells: as they are, or shifted to fit best.
     */
    static double[] difference(Thumbnail before, Thumbnail now) {
        double[] best = {1 - before.correlation(now), before.changed(now)};
        if (best[0] <= MIN_DIFFERENCE) {
            return best;
        }
        for (int[] shift : new int[][] {Shift.byPhase(before, now), Shift.byMiddle(before, now)}) {
            int dx = shift[0];
            int dy = shift[1];
            if (Math.abs(dx) < MAX_SHIFT * now.width() && Math.abs(dy) < MAX_SHIFT * now.height()) {
                Thumbnail a = before.part(-dx, -dy);
                Thumbnail b = now.part(dx, dy);
                double[] found = {SHIFTED_FACTOR * (1 - a.correlation(b)), a.changed(b)};
                boolean less = found[0] < best[0] || found[0] == best[0] && found[1] < best[1];
                best = less ? found : best;
            }
        }
        return best;
    }
}
