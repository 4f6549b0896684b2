package blazetrack.core;

import java.util.ArrayList;
import java.util.List;

/**
 * A region of the image, resampled to the input size of a model.
 *
 * @param roi the region
 * @param toImage affine from crop pixels to image pixels, 2 rows of 3
 * @param pixels the crop
 */
public record Crop(Roi roi, double[] toImage, Image pixels) {

    /** Crop the squares around regions to the input of a model. */
    static List<Crop> of(Image image, List<Roi> rois, ModelCard card) {
        List<Crop> crops = new ArrayList<>();
        for (Roi roi : rois) {
            double[] toImage = roi.toImage(card.height(), card.width());
            Image pixels = image.crop(toImage, card.height(), card.width(), card.zeroBorder());
            crops.add(new Crop(roi, toImage, pixels));
        }
        return crops;
    }

    double imageX(double x, double y) {
        return toImage[0] * x + toImage[1] * y + toImage[2];
    }

    double imageY(double x, double y) {
        return toImage[3] * x + toImage[4] * y + toImage[5];
    }
}
