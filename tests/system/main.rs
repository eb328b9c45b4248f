//! Whole-system tests: the command `asl` as a process, against real HTTP servers, looking at what it left behind.

mod bad_input;
mod demo;
mod download_images;
mod download_images_python;
mod endpoints;
mod functions;
mod http_tasks;
mod interrupt;
mod item_reader;
mod lambda_routes;
mod log;
mod mixed;
mod moto;
mod notifications;
mod output;
mod services;
mod support;
mod together;
mod wasm;
