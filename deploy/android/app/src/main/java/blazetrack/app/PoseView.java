package blazetrack.app;

import android.content.Context;
import android.graphics.Bitmap;
import android.graphics.Canvas;
import android.graphics.Color;
import android.graphics.Matrix;
import android.graphics.Paint;
import android.util.AttributeSet;
import android.view.View;
import blazetrack.core.Image;
import blazetrack.core.Pose;
import blazetrack.core.Skeleton;

/** A picture and the skeleton of the person in it. */
public final class PoseView extends View {
    private static final double MIN_VISIBILITY = 0.5;
    private static final float LINE = 0.006f; // parts of the longer side
    private static final int LEFT = Color.rgb(255, 176, 32);
    private static final int RIGHT = Color.rgb(64, 196, 255);

    private final Paint paint = new Paint(Paint.ANTI_ALIAS_FLAG | Paint.FILTER_BITMAP_FLAG);
    private final Matrix toView = new Matrix();
    private Skeleton skeleton;
    private int[][] edges = {};
    private Bitmap bitmap;
    private Pose pose;
    private boolean mirrored;

    public PoseView(Context context, AttributeSet attributes) {
        super(context, attributes);
        paint.setStrokeCap(Paint.Cap.ROUND);
    }

    /** The keypoints of the poses. */
    void setSkeleton(Skeleton next) {
        skeleton = next;
        edges = next.edges();
    }

    /**
     * Show a picture.
     *
     * @param nextPose the person in it, or null
     * @param nextMirrored as in a mirror
     */
    void show(Image image, Pose nextPose, boolean nextMirrored) {
        if (bitmap == null || bitmap.getWidth() != image.width()
                || bitmap.getHeight() != image.height()) {
            bitmap = Bitmap.createBitmap(
                    image.width(), image.height(), Bitmap.Config.ARGB_8888);
        }
        bitmap.setPixels(image.pixels(), 0, image.width(), 0, 0, image.width(), image.height());
        pose = nextPose;
        mirrored = nextMirrored;
        invalidate();
    }

    /** Show nothing. */
    void clear() {
        bitmap = null;
        pose = null;
        invalidate();
    }

    @Override
    protected void onDraw(Canvas canvas) {
        if (bitmap == null) {
            return;
        }
        float width = bitmap.getWidth();
        float height = bitmap.getHeight();
        float scale = Math.min(getWidth() / width, getHeight() / height);
        toView.setTranslate(-width / 2, -height / 2);
        toView.postScale(mirrored ? -scale : scale, scale);
        toView.postTranslate(getWidth() / 2f, getHeight() / 2f);
        canvas.save();
        canvas.concat(toView);
        canvas.drawBitmap(bitmap, 0, 0, paint);
        if (pose != null && skeleton != null) {
            drawPose(canvas, LINE * Math.max(width, height));
        }
        canvas.restore();
    }

    private void drawPose(Canvas canvas, float line) {
        double[] xyz = pose.landmarksPx();
        paint.setStrokeWidth(line);
        for (int[] edge : edges) {
            if (visible(edge[0]) && visible(edge[1])) {
                paint.setColor(colour(edge[0], edge[1]));
                canvas.drawLine((float) xyz[3 * edge[0]], (float) xyz[3 * edge[0] + 1],
                        (float) xyz[3 * edge[1]], (float) xyz[3 * edge[1] + 1], paint);
            }
        }
        for (int i = 0; i < skeleton.size(); i++) {
            if (visible(i)) {
                paint.setColor(colour(i, i));
                canvas.drawCircle((float) xyz[3 * i], (float) xyz[3 * i + 1], line, paint);
            }
        }
    }

    private boolean visible(int keypoint) {
        return pose.visibility()[keypoint] >= MIN_VISIBILITY;
    }

    private int colour(int first, int second) {
        String a = skeleton.name(first);
        String b = skeleton.name(second);
        if (a.contains("left") && b.contains("left")) {
            return LEFT;
        }
        return a.contains("right") && b.contains("right") ? RIGHT : Color.WHITE;
    }
}
