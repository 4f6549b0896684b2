package blazetrack.core;

import java.util.ArrayDeque;

/**
 * Times that always rise, whatever the stamps do: blazetrack/common/clock.py.
 *
 * <p>A stamp far before or far after the last one is doubtful: its frame is taken for the next one
 * in the usual rhythm, and the frame after it decides.
 */
final class SteadyClock {
    private static final double MIN_STEP_S = 0.001;
    private static final double MAX_GAP_S = 9 * 3600.0;
    private static final int MAX_HELD = 2;
    private static final int USUAL_STEPS = 20;
    private static final int KEPT_STEPS = 9;

    private final double maxGapS;
    private final ArrayDeque<Double> steps = new ArrayDeque<>();
    private double stampS = Double.NaN;
    private double timeS;
    private double offsetS;
    private int doubts;
    private int held;
    private boolean doubtful;
    private double sureStampS;
    private double sureTimeS;

    SteadyClock(double maxGapS) {
        this.maxGapS = maxGapS;
    }

    /** The time of a frame with this stamp. */
    double time(double stamp) {
        double last = stampS;
        stampS = stamp;
        if (Double.isNaN(last)) {
            timeS = stamp;
            return stamp;
        }
        double step = stamp - last;
        if (doubtful) {
            return decide(stamp, step);
        }
        if (isUsual(step)) {
            add(step);
            held = 0;
            return set(stamp + offsetS);
        }
        double usual = usual();
        if (-usual <= step && step <= 0 && held < MAX_HELD) {
            stampS = last;
            held++;
            return set(timeS);
        }
        doubtful = true;
        sureStampS = last;
        sureTimeS = timeS;
        doubts = 1;
        return shift(timeS + usual);
    }

    /** The time of a frame after a doubtful one. */
    private double decide(double stamp, double step) {
        double usual = usual();
        double jump = stamp - step - sureStampS;
        if (isUsual(stamp - sureStampS)) {
            doubtful = false;
            return shift(Math.max(sureTimeS + stamp - sureStampS, timeS + usual / 2));
        }
        if (isUsual(step)) {
            doubtful = false;
            add(step);
            double gap = jump - (timeS - sureTimeS);
            return shift(timeS + step + (0 < gap && gap < MAX_GAP_S ? gap : 0));
        }
        if (doubts == 1 && jump > 0 && jump / 2 < step && step < 2 * jump) { // a slower rate
            doubtful = false;
            steps.clear();
            add(step);
            return shift(timeS + step);
        }
        doubts++;
        return shift(timeS + usual);
    }

    private double usual() {
        return steps.isEmpty() ? 1 / 30.0 : Numbers.median(steps);
    }

    private boolean isUsual(double step) {
        return 0 < step && step <= Math.max(maxGapS, USUAL_STEPS * usual());
    }

    private void add(double step) {
        steps.addLast(step);
        if (steps.size() > KEPT_STEPS) {
            steps.removeFirst();
        }
    }

    private double shift(double time) {
        offsetS = time - stampS;
        return set(time);
    }

    private double set(double time) {
        timeS = time > timeS ? time : timeS + MIN_STEP_S;
        return timeS;
    }
}
