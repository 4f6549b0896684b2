package blazetrack.core;

import java.util.ArrayList;
import java.util.List;

/** The node {@code cap_visibility}: keypoints outside the image are not visible in it. */
final class CapVisibility {
    private static final double MAX_OUTSIDE = 0.5; // at the border

    private final double margin;

    CapVisibility(Settings settings) {
        margin = settings.number("option.cap_visibility.margin");
    }

    List<Pose> cap(List<Pose> poses, Image image) {
        List<Pose> capped = new ArrayList<>();
        for (Pose pose : poses) {
            double reach = Math.max(margin * pose.radiusPx(), 1);
            double[] visibility = pose.visibility().clone();
            double[] presence = pose.presence().clone();
            for (int i = 0; i < visibility.length; i++) {
                double x = pose.landmarksPx()[3 * i];
                double y = pose.landmarksPx()[3 * i + 1];
                double across = Math.max(-0.5 - x, x - (image.width() - 0.5));
                double down = Math.max(-0.5 - y, y - (image.height() - 0.5));
                double beyond = Math.max(across, down);
                if (beyond > 0) { // false for NaN
                    double limit = MAX_OUTSIDE * (1 - beyond / reach);
                    limit = Numbers.clamp(limit, 0, Math.nextDown(MAX_OUTSIDE));
                    visibility[i] = Math.min(visibility[i], limit);
                    presence[i] = Math.min(presence[i], limit);
                }
            }
            capped.add(pose.withSeen(visibility, presence));
        }
        return capped;
    }
}
