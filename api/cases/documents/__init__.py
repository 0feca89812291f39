"""The documents of a case (文书): numbered, each with a code by which anybody may verify it, and bytes that stay."""
