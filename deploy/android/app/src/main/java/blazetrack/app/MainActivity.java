package blazetrack.app;

import android.Manifest;
import android.app.Activity;
import android.content.Intent;
import android.content.SharedPreferences;
import android.content.pm.PackageManager;
import android.net.Uri;
import android.os.Bundle;
import android.os.Handler;
import android.os.HandlerThread;
import android.provider.Settings;
import android.view.View;
import android.view.WindowManager;
import android.widget.AdapterView;
import android.widget.ArrayAdapter;
import android.widget.Button;
import android.widget.Spinner;
import android.widget.TextView;
import blazetrack.core.Image;
import blazetrack.core.Pose;
import blazetrack.core.Skeleton;
import java.util.List;

/** The camera and the skeleton of the person in front of it. */
public final class MainActivity extends Activity {
    private static final String MODEL = "model";
    private static final String FRONT = "front";
    private static final int ASK = 1;

    private SharedPreferences chosen;
    private PoseView view;
    private TextView speed;
    private HandlerThread thread;
    private Live live;

    @Override
    protected void onCreate(Bundle state) {
        super.onCreate(state);
        setContentView(R.layout.main);
        getWindow().addFlags(WindowManager.LayoutParams.FLAG_KEEP_SCREEN_ON);
        chosen = getPreferences(MODE_PRIVATE);
        view = findViewById(R.id.pose);
        speed = findViewById(R.id.speed);
        showModels(findViewById(R.id.model));
        findViewById(R.id.switch_camera).setOnClickListener(button -> {
            chosen.edit().putBoolean(FRONT, !chosen.getBoolean(FRONT, false)).apply();
            restart();
        });
        findViewById(R.id.benchmark).setOnClickListener(
                button -> startActivity(new Intent(this, BenchmarkActivity.class)));
        if (!isAllowed() && state == null) { // after a rotation the question is still open
            requestPermissions(new String[] {Manifest.permission.CAMERA}, ASK);
        }
    }

    private void showModels(Spinner spinner) {
        List<String> names = ((PoseApplication) getApplication()).models().names();
        spinner.setAdapter(new ArrayAdapter<>(
                this, android.R.layout.simple_spinner_dropdown_item, names));
        spinner.setSelection(Math.max(0, names.indexOf(chosen.getString(MODEL, ""))));
        spinner.setOnItemSelectedListener(new AdapterView.OnItemSelectedListener() {
            @Override
            public void onItemSelected(AdapterView<?> parent, View item, int at, long id) {
                if (!names.get(at).equals(chosen.getString(MODEL, names.get(0)))) {
                    chosen.edit().putString(MODEL, names.get(at)).apply();
                    restart();
                }
            }

            @Override
            public void onNothingSelected(AdapterView<?> parent) {
                // the last choice stays
            }
        });
    }

    @Override
    protected void onResume() {
        super.onResume();
        thread = new HandlerThread("camera");
        thread.start();
        restart();
    }

    @Override
    protected void onPause() {
        stop();
        thread.quitSafely(); // after what stop() left to do
        thread = null;
        super.onPause();
    }

    @Override
    public void onRequestPermissionsResult(int request, String[] names, int[] results) {
        if (thread != null) {
            restart();
        }
    }

    private boolean isAllowed() {
        return checkSelfPermission(Manifest.permission.CAMERA)
                == PackageManager.PERMISSION_GRANTED;
    }

    /** Begin with the chosen camera and model, or show why that is not possible. */
    private void restart() {
        stop();
        if (thread == null) {
            return;
        }
        if (!isAllowed()) {
            boolean again = shouldShowRequestPermissionRationale(Manifest.permission.CAMERA);
            showMessage(getString(R.string.camera_refused),
                    again ? R.string.allow : R.string.open_settings,
                    again ? this::ask : this::openSettings);
            return;
        }
        List<String> names = ((PoseApplication) getApplication()).models().names();
        if (names.isEmpty()) {
            showMessage(getString(R.string.models_failed, "no models"), 0, null);
            return;
        }
        String model = chosen.getString(MODEL, "");
        speed.setText(R.string.loading);
        findViewById(R.id.message_panel).setVisibility(View.GONE);
        live = new Live(this, new Handler(thread.getLooper()),
                names.contains(model) ? model : names.get(0));
        live.start(chosen.getBoolean(FRONT, false));
    }

    private void stop() {
        if (live != null) {
            live.stop();
            live = null;
        }
    }

    private void ask() {
        requestPermissions(new String[] {Manifest.permission.CAMERA}, ASK);
    }

    private void openSettings() {
        startActivity(new Intent(Settings.ACTION_APPLICATION_DETAILS_SETTINGS,
                Uri.fromParts("package", getPackageName(), null)));
    }

    /** Rotation of the display, as {@code Display.getRotation} counts. */
    @SuppressWarnings("deprecation") // the newer call needs Android 11
    int displayDegrees() {
        return 90 * getWindowManager().getDefaultDisplay().getRotation();
    }

    /** The models of {@code from} are loaded. */
    void ready(Live from, Skeleton skeleton) {
        if (from == live) {
            view.setSkeleton(skeleton);
        }
    }

    /** Show a picture of {@code from}, which may have been stopped since. */
    void show(Live from, Image image, Pose pose, boolean mirrored, String rate) {
        if (from == live) {
            view.show(image, pose, mirrored);
            speed.setText(rate);
        }
    }

    /** {@code from} ended with a fault. */
    void fault(Live from, String message) {
        if (from == live) {
            stop();
            showMessage(message, R.string.try_again, this::restart);
        }
    }

    private void showMessage(String message, int action, Runnable doAction) {
        view.clear();
        speed.setText("");
        ((TextView) findViewById(R.id.message)).setText(message);
        Button button = findViewById(R.id.message_action);
        button.setVisibility(doAction == null ? View.GONE : View.VISIBLE);
        if (doAction != null) {
            button.setText(action);
            button.setOnClickListener(clicked -> doAction.run());
        }
        findViewById(R.id.message_panel).setVisibility(View.VISIBLE);
    }
}
