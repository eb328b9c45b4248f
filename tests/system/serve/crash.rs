//! A server that is killed again and again: every execution comes to the end that it should have.
