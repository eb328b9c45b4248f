//! `asl up`

mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::future::pending;
use std::net::{SocketAddr, TcpListener};
use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;

use asl_engine::Value;
use asl_project::Substitution;
use asl_server::ServerOptions;
use asl_stack::{
    App, Choices, Plan, ROUTES, Source, SourceError, StackFile, StacksError, SynthError, find, plan, stacks_of_assembly,
};
use asl_tasks::{ChangedTable, Routes};

use super::down::is_used;
use super::serve::{Ended, Told, serve, served};
use crate::cli::Up;
use crate::error::Error;
use crate::execute::runtime;
use crate::output;
use crate::report;

impl From<SourceError> for Error {
    fn from(error: SourceError) -> Self {
        let help = match &error {
            SourceError::Several { files, .. } => {
                let one = files.first().map(|file| file.display().to_string()).unwrap_or_default();
                format!("\nhelp: say which: asl up {one}")
            }
            SourceError::Nothing(_) => "\nhelp: asl up FOLDER, or asl up TEMPLATE".to_owned(),
            _ => String::new(),
        };
        Self::Usage(format!("{error}{help}"))
    }
}

impl From<StacksError> for Error {
    fn from(error: StacksError) -> Self {
        match &error {
            StacksError::NoValue { names, nested_in: Some(stack), .. } => {
                let has = names.join(", ");
                Self::Usage(format!(
                    "{error}\nhelp: the stack around it gives them: say {has} in the Parameters of {stack}"
                ))
            }
            StacksError::NoValue { names, .. } => {
                let options: Vec<String> = names.iter().map(|name| format!("--parameter {name}=VALUE")).collect();
                Self::Usage(format!("{error}\nhelp: say them: {}", options.join(" ")))
            }
            _ => Self::Usage(error.to_string()),
        }
    }
}

impl From<SynthError> for Error {
    fn from(error: SynthError) -> Self {
        match &error {
            SynthError::Failed { printed, .. } => {
                Self::Usage(format!("{error}; it has printed:\n{}", printed.trim_end()))
            }
            _ => Self::Usage(error.to_string()),
        }
    }
}

/// What a project comes to is written there, below the folder for data.
pub(crate) const UP: &str = "up";

/// Where data is kept unless told.
const DATA: &str = ".asl";

/// The file there that has the ID of the process, and where it listens.
pub(crate) const PROCESS: &str = "process";

/// Brings up a project and serves it until a signal comes.
pub(crate) fn run(arguments: &Up) -> Result<ExitCode, Error> {
    let Project { plan, own, choices, listen } = project(arguments)?;
    if let Some(folder) = &arguments.eject {
        return eject(&plan, folder);
    }
    let (files, mut routes) = routed(&plan, arguments)?;
    if is_used(&arguments.serving.data) {
        let data = arguments.serving.data.display();
        let help = "`asl down` ends what was brought up there; --data DIR gives this one a folder of its own";
        return Err(Error::Usage(format!("{data} is used by another program\nhelp: {help}")));
    }
    let removed = removed(&files);
    for (file, text) in files {
        write_changed(&file, &text)?;
    }
    for (file, name) in &removed {
        let text = format!("{name} is in no template any more: it is deleted, and its executions are stopped");
        output::to_stderr(&report::note(&text));
        // It is told again at the next start.
        let _ = std::fs::remove_file(file);
    }
    let process = absolute(&arguments.serving.data).join(UP).join(PROCESS);
    output::write_file(&process, format!("{}\n{}\n", std::process::id(), choices.base_url))?;
    // What is made anew at each start is not where somebody adds something.
    routes.written_by_hand = Some(own.as_ref().and_then(|own| own.file.clone()).unwrap_or_else(|| beside(arguments)));
    let mut serving = arguments.serving.clone();
    (serving.account, serving.region, serving.listen) = (choices.account, choices.region, listen);
    let options = with_own_routes(served(&serving, routes)?, own);
    let options = ServerOptions { removed: removed.into_iter().map(|(_, name)| name).collect(), ..options };
    let told = Told { is_again: arguments.again.is_some(), ..told(&plan) };
    let changed = async {
        match arguments.watch {
            true => watch::changed(arguments).await,
            false => pending().await,
        }
    };
    match runtime()?.block_on(serve(options, &serving, told, changed))? {
        Ended::Interrupted => Ok(ExitCode::SUCCESS),
        Ended::Changed => watch::begin_anew(listen),
    }
}

/// The definitions that were written before and are none of these, with the names of their state machines.
fn removed(files: &[(PathBuf, String)]) -> Vec<(PathBuf, String)> {
    let folders: BTreeSet<&Path> = files.iter().filter_map(|(file, _)| file.parent()).collect();
    let there = folders.into_iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
    let there = there.map(|entry| entry.path()).filter(|path| !files.iter().any(|(file, _)| file == path));
    let named = |path: PathBuf| {
        let name = path.file_name()?.to_str()?.strip_suffix(".asl.json")?.to_owned();
        Some((path, name))
    };
    there.filter_map(named).collect()
}

/// A project that can be brought up.
struct Project {
    plan: Plan,
    /// Its own routing file.
    own: Option<Routes>,
    choices: Choices,
    listen: SocketAddr,
}

/// Reads a project, and tells what is to be told of it; nothing is started or written but by an app of the CDK.
fn project(arguments: &Up) -> Result<Project, Error> {
    let stacks = stacks(arguments)?;
    let listen = address(arguments.again.unwrap_or(arguments.serving.listen))?;
    let choices = choices(arguments, &stacks, listen);
    let mut plan = plan(&stacks, &choices)?;
    if arguments.again.is_none() {
        tell(&plan);
    }
    let own = own_routes(arguments)?;
    if let Some(own) = &own {
        plan.serve(|function| own.routes.iter().any(|route| route.resource.matches(function)));
    }
    check(&plan)?;
    if arguments.eject.is_none() {
        check_tables(&plan, own.as_ref(), arguments)?;
    }
    Ok(Project { plan, own, choices, listen })
}

/// Where the server will listen: functions are told so before it does.
fn address(wanted: SocketAddr) -> Result<SocketAddr, Error> {
    if wanted.port() != 0 {
        return Ok(wanted);
    }
    let free = TcpListener::bind(wanted).and_then(|listener| listener.local_addr());
    free.map_err(|error| Error::Usage(format!("cannot listen at {wanted}: {error}")))
}

/// `./a.json` is `a.json`.
fn without_dots(path: &Path) -> PathBuf {
    path.components().filter(|part| *part != Component::CurDir).collect()
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// The templates of the project; of a CDK app, after it has run.
fn stacks(arguments: &Up) -> Result<Vec<StackFile>, Error> {
    let folder = match find(&arguments.project)? {
        Source::Stacks(stacks) => {
            let plain = |stack: StackFile| StackFile { file: without_dots(&stack.file), ..stack };
            return Ok(stacks.into_iter().map(plain).collect());
        }
        Source::App(folder) => folder,
    };
    let app = App::read(&folder)?;
    if !app.command().is_empty() {
        output::to_stderr(&report::note(&format!("`{}` makes the templates", app.command())));
    }
    let docker = stand_in(&absolute(&arguments.serving.data).join(UP))?;
    app.run(&arguments.serving.account, &arguments.serving.region, &docker)?;
    Ok(stacks_of_assembly(&app.out).map_err(SourceError::Assembly)?)
}

/// What an app calls in the place of Docker: a file of its own, since `CDK_DOCKER` is one word.
fn stand_in(folder: &Path) -> Result<PathBuf, Error> {
    let asl = std::env::current_exe().map_err(|error| Error::Usage(format!("cannot find asl itself: {error}")))?;
    let file = folder.join("docker");
    let quoted = asl.display().to_string().replace('\'', r"'\''");
    write_changed(&file, &format!("#!/bin/sh\nexec '{quoted}' container \"$@\"\n"))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let made = fs::set_permissions(&file, fs::Permissions::from_mode(0o755));
        made.map_err(|error| Error::Usage(format!("cannot write {}: {error}", file.display())))?;
    }
    Ok(file)
}

fn choices(arguments: &Up, stacks: &[StackFile], listen: SocketAddr) -> Choices {
    let project = absolute(&arguments.project);
    let folder = if project.is_dir() { Some(project.as_path()) } else { project.parent() };
    let folder = folder.and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    // What CloudFormation takes as the name of a stack.
    let folder: String = folder.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let folder = folder.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
    let named =
        arguments.stack_name.clone().unwrap_or_else(|| if folder.is_empty() { "stack" } else { folder }.to_owned());
    let serving = &arguments.serving;
    let shown = if listen.ip().is_unspecified() { SocketAddr::from(([127, 0, 0, 1], listen.port())) } else { listen };
    let scheme = if serving.tls || serving.tls_certificate.is_some() { "https" } else { "http" };
    Choices {
        parameters: arguments
            .parameter
            .iter()
            .map(|it: &Substitution| (it.name().to_owned(), it.value().to_owned()))
            .collect(),
        stack_name: named,
        account: stacks.iter().find_map(|stack| stack.account.clone()).unwrap_or_else(|| serving.account.clone()),
        region: stacks.iter().find_map(|stack| stack.region.clone()).unwrap_or_else(|| serving.region.clone()),
        base_url: format!("{scheme}://{shown}"),
    }
}

/// Tells what is passed over, and remarks.
fn tell(plan: &Plan) {
    let of = |missed: bool| {
        let all = plan.passed_over.iter().filter(|(_, passed)| passed.is_missed == missed);
        all.map(|(kind, passed)| match &passed.ids[..] {
            [only] if missed => format!("{kind} ({only})"),
            [_] => kind.clone(),
            ids => format!("{kind} ({})", ids.len()),
        })
        .collect::<Vec<_>>()
        .join(", ")
    };
    let (meaningless, missed) = (of(false), of(true));
    if !meaningless.is_empty() {
        output::to_stderr(&report::note(&format!("passed over, since it means nothing here: {meaningless}")));
    }
    if !missed.is_empty() {
        output::to_stderr(&report::warning(&format!("not there, and passed over: {missed}")));
    }
    for (origin, note) in &plan.notes {
        output::to_stderr(&report::warning(&format!("{origin}: {note}")));
    }
}

/// Refuses a project that lacks something, or has a definition that AWS would refuse.
fn check(plan: &Plan) -> Result<(), Error> {
    for machine in &plan.machines {
        if let Err(diagnostics) = machine.definition.unfilled_program() {
            output::to_stderr(&report::diagnostics(&diagnostics, &machine.definition));
            return Err(Error::Routes(format!("{}: its definition is refused; nothing was started", machine.origin)));
        }
    }
    if plan.problems.is_empty() {
        return Ok(());
    }
    let mut text = String::new();
    for problem in &plan.problems {
        // A text takes whatever is written.
        let _ = writeln!(text, "{}: {}\nhelp: {}", problem.origin, problem.what, problem.help);
    }
    Err(Error::Routes(format!("{}nothing was started", text)))
}

fn files(plan: &Plan, folder: &Path) -> Result<Vec<(PathBuf, String)>, Error> {
    plan.files_in(&absolute(folder)).map_err(|error| Error::Bug(format!("the routing file cannot be written: {error}")))
}

/// The files that serve the project, and the routing file among them.
fn routed(plan: &Plan, arguments: &Up) -> Result<(Vec<(PathBuf, String)>, Routes), Error> {
    let files = files(plan, &absolute(&arguments.serving.data).join(UP))?;
    let routes = files.first().map(|(file, text)| Routes::parse(text, file)).transpose()?;
    Ok((files, routes.unwrap_or_default()))
}

/// Refuses tables that are kept with other keys than they have now.
fn check_tables(plan: &Plan, own: Option<&Routes>, arguments: &Up) -> Result<(), Error> {
    let (_, mut routes) = routed(plan, arguments)?;
    if let Some(own) = own {
        // It may say that they are elsewhere.
        routes.share_services(&mut own.clone())?;
    }
    let data = &arguments.serving.data;
    let changed = routes.changed_tables(data);
    if changed.is_empty() {
        return Ok(());
    }
    let mut text = String::new();
    let option = if data == Path::new(DATA) { String::new() } else { format!(" --data {}", data.display()) };
    for ChangedTable { table, difference } in &changed {
        let origin = plan.origin_of_table(table).map(|origin| format!("{origin}: ")).unwrap_or_default();
        let _ = writeln!(
            text,
            "{origin}the table {table} in {} has {difference}\n\
             help: give it another name, or remove what is kept of it: `asl data rm dynamodb://{table}{option}`, or \
             `asl down --delete{option}` with all other data",
            data.display()
        );
    }
    Err(Error::Routes(format!("{text}nothing was started")))
}

/// Writes a file, unless it is there as it should be.
fn write_changed(file: &Path, text: &str) -> Result<(), Error> {
    if fs::read_to_string(file).is_ok_and(|before| before == text) {
        return Ok(());
    }
    if let Some(folder) = file.parent() {
        let made = fs::create_dir_all(folder);
        made.map_err(|error| Error::Usage(format!("cannot make the folder {}: {error}", folder.display())))?;
    }
    output::write_file(file, text)
}

fn eject(plan: &Plan, folder: &Path) -> Result<ExitCode, Error> {
    let files = files(plan, folder)?;
    if let Some((there, _)) = files.iter().find(|(file, _)| file.exists()) {
        let text = format!(
            "{} is there already\nhelp: --eject writes into a folder that has none of its files",
            there.display()
        );
        return Err(Error::Usage(text));
    }
    let mut text = String::new();
    for (file, content) in &files {
        write_changed(file, content)?;
        let shown = file.strip_prefix(absolute(folder)).map_or_else(|_| file.clone(), |file| folder.join(file));
        let _ = writeln!(text, "{}", shown.display());
    }
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Where the routing file of the project itself is, or would be.
fn beside(arguments: &Up) -> PathBuf {
    let file = match arguments.project.is_dir() {
        true => arguments.project.join(ROUTES),
        false => arguments.project.with_file_name(ROUTES),
    };
    without_dots(&file)
}

/// The routing file of the project itself.
fn own_routes(arguments: &Up) -> Result<Option<Routes>, Error> {
    let file = arguments.routes.clone().or_else(|| Some(beside(arguments)).filter(|file| file.is_file()));
    Ok(file.map(|file| Routes::read(&file)).transpose()?)
}

/// Puts the project's own routing file before what its templates say.
fn with_own_routes(mut options: ServerOptions, own: Option<Routes>) -> ServerOptions {
    let Some(mut own) = own else { return options };
    // The tasks of the machines look there first, and then into what the templates say.
    let folder = options.routes.folder().to_owned();
    for (name, machine) in std::mem::take(&mut options.routes.state_machines) {
        let definition = folder.join(&machine.definition);
        own.state_machines.entry(name).or_insert(asl_tasks::MachineFile { definition, ..machine });
    }
    options.routes_below = vec![own];
    options
}

/// What is told behind where the server is: the outputs of the stacks.
fn told(plan: &Plan) -> Told {
    let mut text = String::new();
    let mut json: BTreeMap<String, Value> = BTreeMap::new();
    for stack in &plan.stacks {
        for output in &stack.outputs {
            if text.is_empty() {
                text.push_str("Outputs:\n");
            }
            let _ = writeln!(text, "{}.{} = {}", stack.name, output.name, output.value);
            json.insert(format!("{}.{}", stack.name, output.name), output.value.as_str().into());
        }
    }
    let outputs = json.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    Told { text, json: vec![("outputs", outputs)], functions: Some(plan.functions()), is_again: false }
}
