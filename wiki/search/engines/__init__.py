"""Engines that meet `base.Engine`: documents in, ranked and marked pages out, nothing the reader may not see."""
