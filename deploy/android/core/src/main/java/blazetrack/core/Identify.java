package blazetrack.core;

import java.util.ArrayList;
import java.util.List;

/** The node {@code identify} for one person: an id that stays. */
final class Identify {
    private static final double GATE = 1;
    private static final double SIZE_COST = 0.5;
    private static final double SMOOTH_S = 0.4; // time constant of the mean velocity
    private static final double COAST_S = 1.5; // with which the velocity of a lost person decays

    private final double memoryS;
    private final List<Tracklet> tracklets = new ArrayList<>();
    private int people;

    Identify(Settings settings) {
        memoryS = settings.number("option.identify.memory_s");
    }

    /** Drop all tracks; ids go on. */
    void restart() {
        tracklets.clear();
    }

    /** The tracked or new person, with an id. */
    List<Pose> identify(double timeS, List<Pose> poses) {
        tracklets.removeIf(one -> Math.abs(timeS - one.timeS) > memoryS);
        if (poses.isEmpty()) {
            return poses;
        }
        Pose pose = poses.get(0);
        Tracklet track = pose.id() == 0 ? lost(pose, timeS) : known(pose.id());
        if (track == null) {
            track = new Tracklet(pose.id() == 0 ? ++people : pose.id(), pose, timeS);
            tracklets.add(track);
        } else {
            track.update(pose, timeS);
        }
        return List.of(pose.withId(track.id));
    }

    private Tracklet known(int id) {
        return tracklets.stream().filter(one -> one.id == id).findFirst().orElse(null);
    }

    /** The lost person that a new pose fits best, by predicted position and by size. */
    private Tracklet lost(Pose pose, double timeS) {
        Tracklet best = null;
        double bestCost = Double.POSITIVE_INFINITY;
        for (Tracklet one : tracklets) {
            double radius = Math.max(one.radius, 1);
            double passed = COAST_S * -Math.expm1(-Math.max(0, timeS - one.timeS) / COAST_S);
            double dx = pose.alignmentPx()[0] - (one.x + one.velocityX * passed);
            double dy = pose.alignmentPx()[1] - (one.y + one.velocityY * passed);
            double distance = Math.hypot(dx, dy) / radius;
            double growth = Math.abs(Math.log(Math.max(pose.radiusPx(), 1) / radius));
            double cost = distance + SIZE_COST * Math.min(growth, 1);
            if (distance <= GATE && cost < bestCost) {
                best = one;
                bestCost = cost;
            }
        }
        return best;
    }

    /** One person: the last observation and the velocity. */
    private static final class Tracklet {
        final int id;
        double x;
        double y;
        double radius;
        double timeS;
        double velocityX;
        double velocityY;

        Tracklet(int id, Pose pose, double timeS) {
            this.id = id;
            set(pose, timeS);
        }

        void update(Pose pose, double nowS) {
            double passed = Math.max(nowS - timeS, 0);
            double weight = -Math.expm1(-passed / SMOOTH_S);
            if (passed > 0) {
                velocityX += weight * ((pose.alignmentPx()[0] - x) / passed - velocityX);
                velocityY += weight * ((pose.alignmentPx()[1] - y) / passed - velocityY);
            }
            set(pose, nowS);
        }

        private void set(Pose pose, double nowS) {
            x = pose.alignmentPx()[0];
            y = pose.alignmentPx()[1];
            radius = pose.radiusPx();
            timeS = nowS;
        }
    }
}
