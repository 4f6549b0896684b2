package blazetrack.core;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** What a node gave, as the arrays of test vectors: name of a field to its values. */
final class Streams {
    private Streams() {}

    static Map<String, double[]> arrays(String stream, Object value) {
        Map<String, double[]> out = new HashMap<>();
        if (value instanceof Frame frame) {
            out.put(stream + ".time_s", new double[] {frame.timeS()});
        } else if (value instanceof List<?> rows && !rows.isEmpty()) {
            for (Map.Entry<String, Function<Object, double[]>> field
                    : fields(rows.get(0)).entrySet()) {
                out.put(stream + "." + field.getKey(), joined(rows, field.getValue()));
            }
        }
        return out;
    }

    private static Map<String, Function<Object, double[]>> fields(Object row) {
        Map<String, Function<Object, double[]>> fields = new HashMap<>();
        if (row instanceof Pose) {
            fields.put("landmarks_px", one -> ((Pose) one).landmarksPx());
            fields.put("world_landmarks_m", one -> ((Pose) one).worldM());
            fields.put("visibility", one -> ((Pose) one).visibility());
            fields.put("presence", one -> ((Pose) one).presence());
            fields.put("scores", one -> new double[] {((Pose) one).score()});
            fields.put("ids", one -> new double[] {((Pose) one).id()});
            fields.put("alignment_px", one -> ((Pose) one).alignmentPx());
        } else if (row instanceof Landmarks) {
            fields.put("xyz_crop", one -> ((Landmarks) one).xyzCrop());
            fields.put("world_m", one -> ((Landmarks) one).worldM());
            fields.put("visibility", one -> ((Landmarks) one).visibility());
            fields.put("presence", one -> ((Landmarks) one).presence());
            fields.put("scores", one -> new double[] {((Landmarks) one).score()});
            fields.put("row", one -> new double[] {((Landmarks) one).row()});
            fields.put("alignment_crop", one -> ((Landmarks) one).alignmentCrop());
            if (((Landmarks) row).peaks() != null) {
                fields.put("peaks", one -> ((Landmarks) one).peaks());
            }
        } else if (row instanceof Detection) {
            fields.put("boxes_unit", one -> doubles(((Detection) one).box()));
            fields.put("keypoints_unit", one -> doubles(((Detection) one).keypoints()));
            fields.put("scores", one -> new double[] {((Detection) one).score()});
            fields.put("row", one -> new double[] {((Detection) one).row()});
        } else if (row instanceof Crop) {
            fields.put("to_image", one -> ((Crop) one).toImage());
            addRegion(fields, "rois.", one -> ((Crop) one).roi());
        } else if (row instanceof Roi) {
            addRegion(fields, "", one -> (Roi) one);
        }
        return fields;
    }

    private static void addRegion(Map<String, Function<Object, double[]>> fields, String prefix,
            Function<Object, Roi> roi) {
        fields.put(prefix + "center_px",
                one -> new double[] {roi.apply(one).x(), roi.apply(one).y()});
        fields.put(prefix + "size_px",
                one -> new double[] {roi.apply(one).width(), roi.apply(one).height()});
        fields.put(prefix + "angle_rad", one -> new double[] {roi.apply(one).angle()});
        fields.put(prefix + "ids", one -> new double[] {roi.apply(one).id()});
    }

    private static double[] joined(List<?> rows, Function<Object, double[]> field) {
        return rows.stream().map(field).flatMapToDouble(java.util.Arrays::stream).toArray();
    }

    private static double[] doubles(float[] values) {
        double[] out = new double[values.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = values[i];
        }
        return out;
    }
}
