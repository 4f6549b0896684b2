package blazetrack.app;

import android.content.Context;
import android.content.Intent;
import android.content.IntentFilter;
import android.os.BatteryManager;
import android.os.Build;
import android.os.PowerManager;
import blazetrack.core.Benchmark;
import blazetrack.core.Settings;
import java.io.IOException;
import org.json.JSONArray;
import org.json.JSONException;
import org.json.JSONObject;

/** The result of a benchmark as JSON, with the names of {@code blazetrack bench --json}. */
final class Report {
    static final String SOURCE = "android: drawn frames of 1280x720";

    private static final String[] THROTTLING = {
        "none", "light", "moderate", "severe", "critical", "emergency", "shutdown"
    };

    private final Context context;
    private final JSONObject json = new JSONObject();
    private final JSONObject board = new JSONObject();
    private final JSONArray rounds = new JSONArray();

    Report(PoseApplication app, String model) throws IOException, JSONException {
        context = app;
        Settings settings = app.models().settings(model);
        JSONArray models = new JSONArray();
        for (String role : new String[] {"detector", "landmarks"}) {
            models.put(new JSONObject().put("role", role)
                    .put("name", settings.text("model." + role + ".name")));
        }
        json.put("machine", machine(settings)).put("board", board).put("source", SOURCE)
                .put("graph", settings.text("graph")).put("every", JSONObject.NULL)
                .put("models", models).put("rounds", rounds);
        board.put("before", state());
    }

    void add(int threads, Benchmark.Result result) throws JSONException {
        JSONArray nodes = new JSONArray();
        for (Benchmark.Node node : result.nodes()) {
            nodes.put(new JSONObject().put("name", node.name()).put("runs", node.runs())
                    .put("p50_ms", node.p50()).put("p90_ms", node.p90())
                    .put("p99_ms", node.p99()));
        }
        rounds.put(new JSONObject().put("backend", "tensorflow-lite").put("threads", threads)
                .put("frames", result.frames()).put("found", result.found())
                .put("fps", result.fps()).put("frame_ms", result.frameMs())
                .put("frame_p90_ms", result.frameP90Ms())
                .put("detector_runs", result.detectorRuns()).put("nodes", nodes));
    }

    JSONObject json() throws JSONException {
        board.put("after", state());
        return json;
    }

    private static JSONObject machine(Settings settings) throws JSONException {
        String soc = Build.VERSION.SDK_INT >= 31
                ? Build.SOC_MANUFACTURER + " " + Build.SOC_MODEL : Build.HARDWARE;
        return new JSONObject().put("processor", Build.MANUFACTURER + " " + Build.MODEL)
                .put("soc", soc).put("features", new JSONArray(Build.SUPPORTED_ABIS))
                .put("cores", Runtime.getRuntime().availableProcessors())
                .put("system", "Android " + Build.VERSION.RELEASE)
                .put("blazetrack", settings.text("blazetrack"));
    }

    /** Temperature of the battery, and throttling. */
    private JSONObject state() throws JSONException {
        Intent battery = context.registerReceiver(
                null, new IntentFilter(Intent.ACTION_BATTERY_CHANGED));
        int tenths = battery == null
                ? -1 : battery.getIntExtra(BatteryManager.EXTRA_TEMPERATURE, -1);
        Object throttling = JSONObject.NULL;
        PowerManager power = (PowerManager) context.getSystemService(Context.POWER_SERVICE);
        if (Build.VERSION.SDK_INT >= 29 && power != null) {
            int status = power.getCurrentThermalStatus();
            throttling = status < THROTTLING.length ? THROTTLING[status] : "status " + status;
        }
        return new JSONObject().put("temperature_c", tenths < 0 ? JSONObject.NULL : tenths / 10.0)
                .put("throttling", throttling);
    }
}
