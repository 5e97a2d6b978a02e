"""Whole files of other programs, to be damaged."""
POSE_FRAMES = ({"fps": 25, "width": 9, "frames": [{"people": [{"pose_keypoints_2d": [1.5] * 75,
                                                               "face_keypoints_2d": []}]}, None]},
               {"meta_info": {}, "instance_info": [{"frame_id": 1, "instances": [
                   {"keypoints": [[1, 2]] * 133, "keypoint_scores": [0.5] * 133}]}]},
               {"frames": {"0": {"pose_landmarks": [{"x": 0.5, "y": 0.5, "visibility": 1}] * 33,
                                 "face_landmarks": None, "left_hand_landmarks": ["0.1,0.2,0"] * 21}}})
EAF_HEAD = (b'<?xml version="1.0" encoding="UTF-8"?><ANNOTATION_DOCUMENT AUTHOR="" DATE="" VERSION="2.8"><HEADER '
            b'TIME_UNITS="milliseconds"/>')
EAF = EAF_HEAD + (b'<TIME_ORDER><TIME_SLOT TIME_SLOT_ID="s1" TIME_VALUE="0"/><TIME_SLOT TIME_SLOT_ID="s2"/>'
                  b'<TIME_SLOT TIME_SLOT_ID="s3" TIME_VALUE="900"/></TIME_ORDER><TIER TIER_ID="A" '
                  b'LINGUISTIC_TYPE_REF="i"><ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="s1" '
                  b'TIME_SLOT_REF2="s2"><ANNOTATION_VALUE>HAUS</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>'
                  b'</TIER><TIER TIER_ID="B" PARENT_REF="A"><ANNOTATION><REF_ANNOTATION ANNOTATION_ID="a2" '
                  b'ANNOTATION_REF="a1"/></ANNOTATION></TIER></ANNOTATION_DOCUMENT>')
XML_WORDS = ("<TIER TIER_ID='A'>", "</TIER>", "<ANNOTATION>", "</ANNOTATION>", "<!DOCTYPE a [<!ENTITY b 'cc'>]>", "&b;",
             "&#0;", "<TIME_SLOT TIME_SLOT_ID='s'/>", "<a>", "</a>", "<![CDATA[", "]]>", "<?x?>", "<!--", "-->",
             "<REF_ANNOTATION ANNOTATION_ID='a' ANNOTATION_REF='a'/>", "\x00", "</ANNOTATION_DOCUMENT>", "&amp;")
