package blazetrack.app;

import android.annotation.SuppressLint;
import android.content.Context;
import android.graphics.ImageFormat;
import android.hardware.camera2.CameraAccessException;
import android.hardware.camera2.CameraCaptureSession;
import android.hardware.camera2.CameraCharacteristics;
import android.hardware.camera2.CameraDevice;
import android.hardware.camera2.CameraManager;
import android.hardware.camera2.CaptureRequest;
import android.hardware.camera2.params.StreamConfigurationMap;
import android.media.ImageReader;
import android.os.Handler;
import android.util.Size;
import blazetrack.core.Camera420;
import blazetrack.core.Image;
import java.util.List;
import java.util.function.IntSupplier;

/** A camera of the device: upright pictures of about 640×480, the newest one first. */
final class Camera {
    private static final long PIXELS = 640 * 480;
    private static final double NANOS_PER_S = 1e9;

    /** Receives pictures and faults, on the thread of the camera. */
    interface Listener {
        /**
         * A picture.
         *
         * @param timeS capture time in seconds
         * @param front whether the camera is towards the user
         */
        void picture(Image image, double timeS, boolean front);

        /**
         * The camera ended.
         *
         * @param message resource of a text
         * @param detail what the text names, or null
         */
        void fault(int message, String detail);
    }

    private final CameraManager manager;
    private final Handler handler;
    private final Listener listener;
    private CameraDevice device;
    private ImageReader reader;
    private boolean closed;

    /**
     * A camera that is not open yet.
     *
     * @param handler thread for pictures
     */
    Camera(Context context, Handler handler, Listener listener) {
        this.manager = (CameraManager) context.getSystemService(Context.CAMERA_SERVICE);
        this.handler = handler;
        this.listener = listener;
    }

    /**
     * Open a camera, on the handler's thread.
     *
     * @param front the one towards the user, if there are several
     * @param displayDegrees rotation of the display, as {@code Display.getRotation} counts; it is
     *     read at each picture, as a turn by 180° does not start the activity anew
     */
    @SuppressLint("MissingPermission") // is asked for by the activity
    void open(boolean front, IntSupplier displayDegrees) {
        try {
            String id = choose(front);
            if (id == null) {
                listener.fault(R.string.no_camera, null);
                return;
            }
            CameraCharacteristics facts = manager.getCameraCharacteristics(id);
            StreamConfigurationMap map =
                    facts.get(CameraCharacteristics.SCALER_STREAM_CONFIGURATION_MAP);
            Size[] sizes = map == null ? null : map.getOutputSizes(ImageFormat.YUV_420_888);
            if (sizes == null || sizes.length == 0) {
                listener.fault(R.string.camera_failed, "no YUV pictures");
                return;
            }
            Integer sensor = facts.get(CameraCharacteristics.SENSOR_ORIENTATION);
            int sensorDegrees = sensor == null ? 0 : sensor;
            boolean towardsUser = isFront(facts); // the other one where there is only that
            Size size = choose(sizes);
            reader = ImageReader.newInstance(
                    size.getWidth(), size.getHeight(), ImageFormat.YUV_420_888, 2);
            reader.setOnImageAvailableListener(from -> read(from, towardsUser,
                    rotation(sensorDegrees, towardsUser, displayDegrees.getAsInt())), handler);
            manager.openCamera(id, new Opened(), handler);
        } catch (CameraAccessException error) {
            boolean taken = error.getReason() == CameraAccessException.CAMERA_IN_USE
                    || error.getReason() == CameraAccessException.MAX_CAMERAS_IN_USE;
            end(taken ? R.string.camera_taken : R.string.camera_failed, error.getMessage());
        } catch (SecurityException error) {
            end(R.string.camera_refused, null);
        } catch (IllegalArgumentException | IllegalStateException error) {
            end(R.string.camera_failed, error.getMessage());
        }
    }

    /** Close it, on the handler's thread. */
    void close() {
        closed = true;
        if (device != null) {
            device.close();
            device = null;
        }
        if (reader != null) {
            reader.close();
            reader = null;
        }
    }

    /** Degrees by which a picture is turned clockwise to be upright on the display. */
    static int rotation(int sensorDegrees, boolean front, int displayDegrees) {
        return (sensorDegrees + (front ? displayDegrees : 360 - displayDegrees)) % 360;
    }

    /** The size nearest to 640×480. */
    static Size choose(Size[] sizes) {
        Size best = sizes[0];
        for (Size one : sizes) {
            best = distance(one) < distance(best) ? one : best;
        }
        return best;
    }

    private static long distance(Size size) {
        return Math.abs((long) size.getWidth() * size.getHeight() - PIXELS);
    }

    /** The id of a camera; of another side where there is none on this one; null without any. */
    private String choose(boolean front) throws CameraAccessException {
        String[] ids = manager == null ? new String[0] : manager.getCameraIdList();
        for (String id : ids) {
            if (isFront(manager.getCameraCharacteristics(id)) == front) {
                return id;
            }
        }
        return ids.length == 0 ? null : ids[0];
    }

    private static boolean isFront(CameraCharacteristics facts) {
        Integer facing = facts.get(CameraCharacteristics.LENS_FACING);
        return facing != null && facing == CameraCharacteristics.LENS_FACING_FRONT;
    }

    private void read(ImageReader from, boolean front, int rotation) {
        if (closed) {
            return;
        }
        Image upright;
        double timeS;
        try (android.media.Image image = from.acquireLatestImage()) {
            if (image == null) {
                return;
            }
            Camera420.Plane[] planes = new Camera420.Plane[3];
            for (int i = 0; i < planes.length; i++) {
                android.media.Image.Plane plane = image.getPlanes()[i];
                planes[i] = new Camera420.Plane(
                        plane.getBuffer(), plane.getRowStride(), plane.getPixelStride());
            }
            upright = Camera420.upright(planes, image.getWidth(), image.getHeight(), rotation);
            timeS = image.getTimestamp() / NANOS_PER_S;
        }
        listener.picture(upright, timeS, front);
    }

    private void end(int message, String detail) {
        boolean first = !closed;
        close();
        if (first) {
            listener.fault(message, detail);
        }
    }

    /** The camera once it is open. */
    private final class Opened extends CameraDevice.StateCallback {
        @Override
        @SuppressWarnings("deprecation") // the newer call needs Android 9
        public void onOpened(CameraDevice opened) {
            if (closed) {
                opened.close();
                return;
            }
            device = opened;
            try {
                device.createCaptureSession(
                        List.of(reader.getSurface()), new Configured(), handler);
            } catch (CameraAccessException | IllegalStateException error) {
                end(R.string.camera_failed, error.getMessage());
            }
        }

        @Override
        public void onDisconnected(CameraDevice opened) {
            opened.close();
            end(R.string.camera_taken, null);
        }

        @Override
        public void onError(CameraDevice opened, int error) {
            opened.close();
            boolean taken = error == ERROR_CAMERA_IN_USE || error == ERROR_MAX_CAMERAS_IN_USE;
            end(taken ? R.string.camera_taken : R.string.camera_failed, "error " + error);
        }
    }

    /** The session that gives pictures. */
    private final class Configured extends CameraCaptureSession.StateCallback {
        @Override
        public void onConfigured(CameraCaptureSession session) {
            if (closed) {
                return;
            }
            try {
                CaptureRequest.Builder request =
                        device.createCaptureRequest(CameraDevice.TEMPLATE_PREVIEW);
                request.addTarget(reader.getSurface());
                session.setRepeatingRequest(request.build(), null, handler);
            } catch (CameraAccessException | IllegalStateException error) {
                end(R.string.camera_failed, error.getMessage());
            }
        }

        @Override
        public void onConfigureFailed(CameraCaptureSession session) {
            end(R.string.camera_failed, "no session");
        }
    }
}
