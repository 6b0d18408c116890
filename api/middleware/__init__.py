"""What every request passes before its route, beside the trail in `auditing` and the short way in `straight`."""
