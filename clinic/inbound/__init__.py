"""What schedules tell us: HL7 SIU messages over MLLP, and lists that staff upload. Services write it all."""
