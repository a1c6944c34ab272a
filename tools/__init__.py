"""What builds, checks and shows Spiral. Owns nothing of the product; nothing in the product imports it."""
