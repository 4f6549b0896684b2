package blazetrack.core;

import java.util.List;

/** The node {@code next_orientation}: the whole image in the orientation that is searched. */
final class NextOrientation {
    private final double[] orientations; // degrees, clockwise
    private int turn;

    NextOrientation(Settings settings) {
        orientations = settings.numbers("option.frame_roi.orientations");
    }

    /** Begin with the first orientation. */
    void restart() {
        turn = 0;
    }

    /**
     * The region.
     *
     * @param last people of the last frame; null before the first one
     */
    List<Roi> next(Image image, List<Pose> last) {
        if (last == null || !last.isEmpty()) {
            turn = 0;
        }
        double angle = Math.toRadians(orientations[turn++ % orientations.length]);
        angle = angle > Math.PI ? angle - 2 * Math.PI : angle;
        double width = image.width();
        double height = image.height();
        return List.of(new Roi(width / 2, height / 2, width, height, angle, 0));
    }
}
