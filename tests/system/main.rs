//! Whole-system tests: the command `asl` as a process, against real HTTP servers, looking at what it left behind.

mod answer;
mod bad_input;
mod before;
mod demo;
mod download_images;
mod download_images_python;
mod endpoints;
mod failures;
mod functions;
mod history;
mod http_tasks;
mod interrupt;
mod item_reader;
mod jobs;
mod lambda_routes;
mod log;
mod mixed;
mod moto;
mod notifications;
mod output;
mod services;
mod start_execution;
mod support;
mod together;
mod unchanged;
mod wasm;
