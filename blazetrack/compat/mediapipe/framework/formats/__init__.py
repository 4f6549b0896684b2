"""The kinds of messages, as protobuf would generate them."""
