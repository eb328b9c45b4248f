//! Whole-system tests: the command `asl` as a process, against real HTTP servers, looking at what it left behind.

mod support;
