// The 33 keypoints of blazepose33 and their lines, as blazetrack/skeleton.py.

export const NAME = "blazepose33";
export const NAMES = (
  "nose left_eye_inner left_eye left_eye_outer right_eye_inner right_eye right_eye_outer "
  + "left_ear right_ear mouth_left mouth_right left_shoulder right_shoulder left_elbow "
  + "right_elbow left_wrist right_wrist left_pinky right_pinky left_index right_index "
  + "left_thumb right_thumb left_hip right_hip left_knee right_knee left_ankle right_ankle "
  + "left_heel right_heel left_foot_index right_foot_index"
).split(" ");

const at = (name) => NAMES.indexOf(name);
export const rows = (...names) => names.map(at);
export const both = (joint) => rows(`left_${joint}`, `right_${joint}`);

export const EDGES = (
  "left_shoulder-right_shoulder left_shoulder-left_elbow left_elbow-left_wrist "
  + "right_shoulder-right_elbow right_elbow-right_wrist left_shoulder-left_hip "
  + "right_shoulder-right_hip left_hip-right_hip left_hip-left_knee left_knee-left_ankle "
  + "right_hip-right_knee right_knee-right_ankle "
  + "nose-left_eye_inner left_eye_inner-left_eye left_eye-left_eye_outer left_eye_outer-left_ear "
  + "nose-right_eye_inner right_eye_inner-right_eye right_eye-right_eye_outer "
  + "right_eye_outer-right_ear mouth_left-mouth_right left_wrist-left_pinky left_wrist-left_index "
  + "left_wrist-left_thumb left_pinky-left_index right_wrist-right_pinky right_wrist-right_index "
  + "right_wrist-right_thumb right_pinky-right_index left_ankle-left_heel "
  + "left_heel-left_foot_index left_ankle-left_foot_index right_ankle-right_heel "
  + "right_heel-right_foot_index right_ankle-right_foot_index"
).split(" ").map((edge) => edge.split("-").map(at));

export const FACE = rows("nose", "left_eye", "right_eye", "left_ear", "right_ear");
export const HIPS = both("hip");
export const SHOULDERS = both("shoulder");
