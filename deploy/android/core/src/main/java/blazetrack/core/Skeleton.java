package blazetrack.core;

import java.util.Arrays;
import java.util.List;

/** The 33 keypoints: their indices by name, and the lines that join them. */
public final class Skeleton {
    private static final String SIDES = "shoulder-elbow elbow-wrist shoulder-hip hip-knee knee-ankle"
            + " wrist-pinky wrist-index wrist-thumb pinky-index"
            + " ankle-heel heel-foot_index ankle-foot_index"
            + " eye_inner-eye eye-eye_outer eye_outer-ear";
    private static final String ACROSS = "left_shoulder-right_shoulder left_hip-right_hip"
            + " nose-left_eye_inner nose-right_eye_inner mouth_left-mouth_right";
    private static final String[] FACE = {"nose", "left_eye", "right_eye", "left_ear", "right_ear"};
    private static final String[] JOINTS = {
        "shoulder", "elbow", "wrist", "hip", "knee", "ankle"
    };

    private final List<String> names;

    /** Keypoints with these names, in their order. */
    public Skeleton(String names) {
        this.names = Arrays.asList(names.split(" "));
    }

    /** Number of keypoints. */
    public int size() {
        return names.size();
    }

    /** Name of a keypoint. */
    public String name(int index) {
        return names.get(index);
    }

    /** Pairs of keypoints that are joined by a line. */
    public int[][] edges() {
        String[] sides = SIDES.split(" ");
        String[] across = ACROSS.split(" ");
        int[][] edges = new int[2 * sides.length + across.length][];
        for (int i = 0; i < sides.length; i++) {
            String[] ends = sides[i].split("-");
            edges[2 * i] = new int[] {at("left_" + ends[0]), at("left_" + ends[1])};
            edges[2 * i + 1] = new int[] {at("right_" + ends[0]), at("right_" + ends[1])};
        }
        for (int i = 0; i < across.length; i++) {
            String[] ends = across[i].split("-");
            edges[2 * sides.length + i] = new int[] {at(ends[0]), at(ends[1])};
        }
        return edges;
    }

    int at(String name) {
        int index = names.indexOf(name);
        if (index < 0) {
            throw new IllegalArgumentException("keypoints: expected " + name + " among " + names);
        }
        return index;
    }

    /** Left and right keypoint of a joint. */
    int[] both(String joint) {
        return new int[] {at("left_" + joint), at("right_" + joint)};
    }

    int[] face() {
        return Arrays.stream(FACE).mapToInt(this::at).toArray();
    }

    /** All joints of arms and legs, left and right. */
    int[] joints() {
        return Arrays.stream(JOINTS).flatMapToInt(joint -> Arrays.stream(both(joint))).toArray();
    }
}
