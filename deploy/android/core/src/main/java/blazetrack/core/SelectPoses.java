package blazetrack.core;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The node {@code select_poses} for one person: the best of the new poses. */
final class SelectPoses {
    private static final double SAME_PLACE = 0.5;

    private final double minScore;
    private final double minSureScore;

    SelectPoses(Settings settings) {
        minScore = settings.number("option.best_poses.min_score");
        minSureScore = settings.number("option.best_poses.min_sure_score");
    }

    /** Of the sure people the largest, else the one with the highest score; or none. */
    List<Pose> select(List<Pose> poses) {
        List<Pose> kept = new ArrayList<>();
        List<Pose> ordered = new ArrayList<>(poses);
        ordered.removeIf(pose -> !(pose.score() >= minScore));
        ordered.sort(Comparator.comparingDouble(pose -> -pose.score()));
        for (Pose pose : ordered) {
            if (kept.stream().noneMatch(other -> samePlace(pose, other))) {
                kept.add(pose);
            }
        }
        Pose best = null;
        for (Pose pose : kept) {
            boolean sure = pose.score() >= minSureScore;
            if (best == null || sure && pose.radiusPx() > best.radiusPx()) {
                best = pose; // the first one is sure if any is
            }
        }
        return best == null ? List.of() : List.of(best);
    }

    private static boolean samePlace(Pose a, Pose b) {
        double apart = Math.hypot(a.alignmentPx()[0] - b.alignmentPx()[0],
                a.alignmentPx()[1] - b.alignmentPx()[1]);
        return apart < SAME_PLACE * Math.max(a.radiusPx(), b.radiusPx());
    }
}
