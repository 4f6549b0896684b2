package blazetrack.core;

/**
 * One image and its time.
 *
 * @param image the image
 * @param timeS capture time in seconds; the only clock of the pipeline
 * @param thumbnail what {@link Timeline} compares
 */
public record Frame(Image image, double timeS, Thumbnail thumbnail) {

    /** A frame with the thumbnail of its image. */
    public static Frame of(Image image, double timeS) {
        return new Frame(image, timeS, Thumbnail.of(image));
    }

    /** The same frame at another time. */
    Frame at(double otherS) {
        return otherS == timeS ? this : new Frame(image, otherS, thumbnail);
    }
}
