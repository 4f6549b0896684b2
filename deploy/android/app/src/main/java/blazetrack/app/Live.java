package blazetrack.app;

import android.os.Handler;
import android.os.SystemClock;
import blazetrack.core.Frame;
import blazetrack.core.Image;
import blazetrack.core.Pose;
import blazetrack.core.Skeleton;
import blazetrack.core.Trace;
import java.io.IOException;
import java.util.ArrayDeque;

/** A camera and a pipeline on one thread: the newest picture is tracked, others are dropped. */
final class Live implements Camera.Listener {
    private static final int RATE_FRAMES = 30;
    private static final double NANOS_PER_S = 1e9;

    private final MainActivity activity;
    private final Handler handler;
    private final String model;
    private final Camera camera;
    private final ArrayDeque<Long> ends = new ArrayDeque<>(); // of the last frames, nanoseconds
    private final ArrayDeque<Long> spent = new ArrayDeque<>();
    private Models.Open open;
    private volatile boolean stopped;

    /**
     * A camera and a pipeline.
     *
     * @param handler thread for both
     * @param model name of the landmark model
     */
    Live(MainActivity activity, Handler handler, String model) {
        this.activity = activity;
        this.handler = handler;
        this.model = model;
        this.camera = new Camera(activity.getApplicationContext(), handler, this);
    }

    /** Load the models and open the camera, on their thread. */
    void start(boolean front) {
        handler.post(() -> {
            if (!stopped && load()) {
                camera.open(front, activity::displayDegrees);
            }
        });
    }

    /** Close both, on their thread. */
    void stop() {
        stopped = true;
        handler.post(() -> {
            camera.close();
            if (open != null) {
                open.close();
                open = null;
            }
        });
    }

    private boolean load() {
        try {
            Models models = ((PoseApplication) activity.getApplication()).models();
            open = models.open(model, Models.defaultThreads(), Trace.NONE);
            Skeleton skeleton = new Skeleton(open.settings().text("keypoints"));
            activity.runOnUiThread(() -> activity.ready(this, skeleton));
            return true;
        } catch (IOException | IllegalArgumentException error) {
            fault(R.string.models_failed, error.getMessage());
            return false;
        }
    }

    @Override
    public void picture(Image image, double timeS, boolean front) {
        if (stopped || open == null) {
            return;
        }
        long start = SystemClock.elapsedRealtimeNanos();
        Pose pose;
        try {
            pose = open.pipeline().step(Frame.of(image, timeS));
        } catch (IllegalArgumentException | IllegalStateException error) { // of the networks
            fault(R.string.models_failed, error.getMessage());
            return;
        }
        long end = SystemClock.elapsedRealtimeNanos();
        add(ends, end);
        add(spent, end - start);
        String rate = rate();
        activity.runOnUiThread(() -> activity.show(this, image, pose, front, rate));
    }

    @Override
    public void fault(int message, String detail) {
        String text = activity.getString(message, detail);
        activity.runOnUiThread(() -> activity.fault(this, text));
    }

    private String rate() {
        double seconds = (ends.getLast() - ends.getFirst()) / NANOS_PER_S;
        double fps = seconds > 0 ? (ends.size() - 1) / seconds : 0;
        double mean = spent.stream().mapToLong(Long::longValue).average().orElse(0);
        return activity.getString(R.string.speed, model, fps, mean / NANOS_PER_S * 1e3);
    }

    private static void add(ArrayDeque<Long> times, long time) {
        times.addLast(time);
        if (times.size() > RATE_FRAMES) {
            times.removeFirst();
        }
    }
}
