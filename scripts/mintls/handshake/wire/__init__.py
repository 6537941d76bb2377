"""What passes on the wire: transcripts of -msg, alerts, the relay and its captures."""
