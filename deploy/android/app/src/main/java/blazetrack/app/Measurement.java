package blazetrack.app;

import android.content.res.AssetManager;
import android.graphics.Bitmap;
import android.graphics.BitmapFactory;
import blazetrack.core.Benchmark;
import blazetrack.core.Image;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.json.JSONException;
import org.json.JSONObject;

/** One measurement, on a thread of its own: a round for each number of threads. */
final class Measurement extends Thread {
    private static final String FOLDER = "frames";
    private static final int FRAMES = 100;
    private static final int[] THREADS = {1, 2, 4};

    /** Receives progress and the result, on the thread of the measurement. */
    interface Listener {
        void progress(Measurement from, String text);

        /** The end: JSON and a table, or null and the reason why there is none. */
        void done(Measurement from, JSONObject report, String table);
    }

    private final PoseApplication app;
    private final String model;
    private final Listener listener;
    private volatile boolean cancelled;

    Measurement(PoseApplication app, String model, Listener listener) {
        super("benchmark");
        this.app = app;
        this.model = model;
        this.listener = listener;
    }

    void cancel() {
        cancelled = true;
    }

    @Override
    public void run() {
        StringBuilder table = new StringBuilder();
        try {
            Report report = new Report(app, model);
            for (int threads : THREADS) {
                if (threads > Runtime.getRuntime().availableProcessors()) {
                    break;
                }
                listener.progress(this,
                        app.getString(R.string.benchmark_running, model, threads));
                Benchmark.Result result = measure(threads);
                if (result == null) {
                    return; // cancelled
                }
                report.add(threads, result);
                table.append(text(threads, result));
            }
            listener.done(this, report.json(), table.toString());
        } catch (IOException | UncheckedIOException | JSONException
                | IllegalArgumentException | IllegalStateException error) {
            String reason = error.getMessage();
            listener.done(this, null, app.getString(R.string.models_failed, reason));
        }
    }

    private Benchmark.Result measure(int threads) throws IOException {
        AssetManager assets = app.getAssets();
        String[] files = assets.list(FOLDER);
        if (files == null || files.length == 0) {
            throw new IOException("no pictures in the assets");
        }
        Benchmark benchmark = new Benchmark();
        try (Models.Open open = app.models().open(model, threads, benchmark)) {
            return benchmark.run(open.pipeline(), index -> picture(assets, files[index]),
                    files.length, FRAMES, () -> !cancelled);
        }
    }

    private static Image picture(AssetManager assets, String file) {
        try (InputStream stream = assets.open(FOLDER + "/" + file)) {
            Bitmap bitmap = BitmapFactory.decodeStream(stream);
            if (bitmap == null) {
                throw new IOException(file + " is no picture");
            }
            int width = bitmap.getWidth();
            int height = bitmap.getHeight();
            int[] pixels = new int[width * height];
            bitmap.getPixels(pixels, 0, width, 0, 0, width, height);
            bitmap.recycle();
            return new Image(width, height, pixels);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private static String text(int threads, Benchmark.Result result) {
        List<String> lines = new ArrayList<>();
        lines.add(String.format(Locale.ROOT,
                "%d thread(s): %.1f frames/s, frame %.2f ms, p90 %.2f ms",
                threads, result.fps(), result.frameMs(), result.frameP90Ms()));
        lines.add(String.format(Locale.ROOT, "%d of %d frames with a person",
                result.found(), result.frames()));
        lines.add(String.format("%-17s %4s %8s %8s %8s", "node", "runs", "p50 ms", "p90 ms",
                "p99 ms"));
        for (Benchmark.Node node : result.nodes()) {
            lines.add(String.format(Locale.ROOT, "%-17s %4d %8.3f %8.3f %8.3f", node.name(),
                    node.runs(), node.p50(), node.p90(), node.p99()));
        }
        return String.join("\n", lines) + "\n\n";
    }
}
