package blazetrack.app;

import android.app.Activity;
import android.content.Intent;
import android.os.Bundle;
import android.view.WindowManager;
import android.widget.ArrayAdapter;
import android.widget.Button;
import android.widget.Spinner;
import android.widget.TextView;
import org.json.JSONObject;

/** The speed of this device, as a table and as JSON. */
public final class BenchmarkActivity extends Activity {
    private Spinner model;
    private Button start;
    private Button share;
    private TextView status;
    private TextView result;
    private Measurement running;
    private JSONObject report;

    @Override
    protected void onCreate(Bundle state) {
        super.onCreate(state);
        setContentView(R.layout.benchmark);
        getWindow().addFlags(WindowManager.LayoutParams.FLAG_KEEP_SCREEN_ON);
        model = findViewById(R.id.model);
        start = findViewById(R.id.start);
        share = findViewById(R.id.share);
        status = findViewById(R.id.status);
        result = findViewById(R.id.result);
        model.setAdapter(new ArrayAdapter<>(this, android.R.layout.simple_spinner_dropdown_item,
                ((PoseApplication) getApplication()).models().names()));
        start.setOnClickListener(button -> {
            if (running == null) {
                begin();
            } else {
                stop();
            }
        });
        share.setOnClickListener(button -> startActivity(Intent.createChooser(
                shareIntent(), getString(R.string.share))));
    }

    @Override
    protected void onStop() {
        super.onStop();
        stop(); // in the background the speed is another one
    }

    /** The JSON for another app. */
    Intent shareIntent() {
        return new Intent(Intent.ACTION_SEND).setType("text/plain")
                .putExtra(Intent.EXTRA_SUBJECT, "blazetrack-bench.json")
                .putExtra(Intent.EXTRA_TEXT, report.toString());
    }

    private void begin() {
        if (model.getSelectedItem() == null) {
            status.setText(getString(R.string.models_failed, "no models"));
            return;
        }
        start.setText(R.string.stop);
        share.setEnabled(false);
        result.setText("");
        running = new Measurement((PoseApplication) getApplication(),
                (String) model.getSelectedItem(), new Measurement.Listener() {
                    @Override
                    public void progress(Measurement from, String text) {
                        runOnUiThread(() -> {
                            if (from == running) {
                                status.setText(text);
                            }
                        });
                    }

                    @Override
                    public void done(Measurement from, JSONObject found, String table) {
                        runOnUiThread(() -> finish(from, found, table));
                    }
                });
        running.start();
    }

    private void stop() {
        if (running != null) {
            running.cancel();
            finish(running, null, getString(R.string.benchmark_stopped));
        }
    }

    private void finish(Measurement from, JSONObject found, String text) {
        if (from != running) {
            return;
        }
        running = null;
        start.setText(R.string.start);
        report = found;
        share.setEnabled(found != null);
        status.setText(found == null ? text : "");
        result.setText(found == null ? "" : text);
    }
}
