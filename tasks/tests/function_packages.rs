//! Where functions find packages: in their code, in layers, and in what Lambda brings along.

mod support;

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use asl_engine::Value;
use support::functions::{FUNCTION, has, route};
use support::{Fixture, not_run};

/// A folder with files, and a function whose code is in `code` of it.
struct Project {
    folder: tempfile::TempDir,
    fixture: Fixture,
}

impl Project {
    fn new(files: &[(&str, &str)], settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let file = folder.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, text).unwrap();
            if text.starts_with("#!") {
                let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
                std::fs::set_permissions(&file, mode).unwrap();
            }
        }
        let settings = settings.replace('@', folder.path().to_str().unwrap());
        let fixture = Fixture::new(&route(&folder.path().join("code"), &format!("timeout_seconds = 60\n{settings}")));
        Self { folder, fixture }
    }

    fn path(&self, below: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(below)
    }

    async fn prepare(&self) -> Result<(), String> {
        let handler = self.fixture.router.handler(FUNCTION).unwrap();
        handler.prepare(FUNCTION).await.map_err(|error| error.to_string())
    }

    /// What a call gives: the result, or the error and its message.
    async fn call(&self) -> String {
        match self.fixture.call(FUNCTION, "{}").await {
            Ok(result) => result.to_string().replace(self.path("").to_str().unwrap(), "@/"),
            Err(failure) => {
                let cause: Value = failure.cause.as_deref().unwrap().parse().unwrap();
                let message = cause["errorMessage"].as_str().unwrap().lines().next().unwrap();
                let message = message.replace(self.path("").to_str().unwrap(), "@/");
                format!("{}: {message}", failure.error.unwrap())
            }
        }
    }
}

const NODE: &str = "runtime = 'nodejs22.x'\nentry = 'index.handler'";
const PYTHON: &str = "runtime = 'python3'\nentry = 'app.handler'\nmemory_mb = 512";
const LAYERS: &str = "layers = ['@/one', '@/two']";

/// Installs what a Python function needs; says so where that cannot be.
async fn installed(project: &Project) -> bool {
    if !has("python3", &["-c", "import ensurepip, venv"]) {
        return false;
    }
    match project.prepare().await {
        Ok(()) => true,
        Err(error) if error.starts_with("cannot install") => {
            not_run(&error);
            false
        }
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn python_has_the_sdk_below_what_the_code_has() {
    let app = "import boto3\n\
               def handler(event, context): return boto3.client('sqs').meta.service_model.service_name\n";
    let project = Project::new(&[("code/app.py", app)], PYTHON);
    if !installed(&project).await {
        return;
    }
    assert_eq!(project.call().await, r#""sqs""#);
    let app = "import boto3, botocore\n\
               def handler(event, context): return [boto3.__file__, '/sdk-' in botocore.__file__]\n";
    let own = Project::new(&[("code/app.py", app), ("code/boto3/__init__.py", "")], PYTHON);
    assert_eq!(own.call().await, r#"["@/code/boto3/__init__.py",true]"#);
}

#[tokio::test]
async fn python_finds_what_layers_have_below_what_the_code_has() {
    let app = "import sys, a, b, c, d\ndef handler(event, context): return [m.WHERE for m in (a, b, c, d)]\n";
    let version = "import sys; print('%d.%d' % sys.version_info[:2])";
    let Ok(python) = Command::new("python3").args(["-c", version]).output() else { return not_run("no python3") };
    let version = String::from_utf8(python.stdout).unwrap();
    let packages = format!("two/python/lib/python{}/site-packages/c.py", version.trim());
    let project = Project::new(
        &[
            ("code/app.py", app),
            ("code/a.py", "WHERE = 'code'"),
            ("one/python/a.py", "WHERE = 'one'"),
            ("one/python/b.py", "WHERE = 'one'"),
            ("one/python/c.py", "WHERE = 'one'"),
            ("one/python/d.py", "WHERE = 'one'"),
            ("two/python/b.py", "WHERE = 'two'"),
            (&packages, "WHERE = 'packages of two'"),
        ],
        &format!("{PYTHON}\n{LAYERS}"),
    );
    if !installed(&project).await {
        return;
    }
    assert_eq!(project.call().await, r#"["code","two","packages of two","one"]"#);
}

#[tokio::test]
async fn layers_have_programs_and_libraries() {
    let bootstrap = include_str!("../../docs/functions.in/custom/bootstrap").replace(
        r#"{"text": event["text"].upper()}"#,
        r#"[__import__("subprocess").getoutput("tool"), os.environ["LD_LIBRARY_PATH"].split(":")[-2:]]"#,
    );
    let files = [
        ("code/README", ""),
        ("one/bin/tool", "#!/bin/sh\necho tool"),
        ("one/lib/x", ""),
        ("two/bootstrap", &bootstrap),
    ];
    let project = Project::new(&files, &format!("runtime = 'provided'\n{LAYERS}"));
    if has("python3", &["--version"]) {
        assert_eq!(project.call().await, r#"["tool",["@/code","@/one/lib"]]"#);
    }
    let project = Project::new(&files, "runtime = 'provided'\nlayers = ['@/three']");
    let error = project.prepare().await.unwrap_err();
    assert!(error.contains("layers = [\"") && error.contains("/three\"]: No such file"), "{error}");
}

#[tokio::test]
async fn node_finds_what_the_code_and_layers_have_and_nothing_above() {
    if !has("node", &["--version"]) {
        return;
    }
    let package = |name: &str, whose: &str| (format!("{whose}/{name}/index.js"), format!("exports.where = '{whose}';"));
    let files = [
        package("a", "code/node_modules"),
        package("a", "node_modules"),
        package("a", "two/nodejs/node_modules"),
        package("b", "one/nodejs/node_modules"),
        package("b", "two/nodejs/node22/node_modules"),
        package("b", "two/nodejs/node_modules"),
        package("above", "node_modules"),
        ("code/lib/index.js".to_owned(), "exports.where = require('a').where;".to_owned()),
    ];
    let common = "exports.handler = async () => ['a', 'b', 'lib'].map((name) => require(name).where);";
    let module = "import { where as a } from 'a';\nimport { where as b } from 'b';\nimport lib from './lib/index.js';\n\
                  export const handler = async () => [a, b, lib.where];";
    let above = [("code/index.js", "require('above');"), ("code/index.mjs", "import 'above';")];
    let found = r#"["code/node_modules","two/nodejs/node22/node_modules","code/node_modules"]"#;
    for (index, layers, expected) in [
        (("code/index.js", common), LAYERS, found),
        (("code/index.mjs", module), LAYERS, found),
        (above[0], "", "Runtime.ImportModuleError: Error: Cannot find module 'above'"),
        (above[1], "", "Error: Cannot find package 'above' imported from @/code/index.mjs"),
        (above[1], LAYERS, "Error: Cannot find package 'above' imported from @/code/index.mjs"),
    ] {
        let files: Vec<_> = files.iter().map(|(file, text)| (&**file, &**text)).chain([index]).collect();
        let project = Project::new(&files, &format!("{NODE}\n{layers}"));
        assert_eq!(project.call().await, expected, "{index:?}");
    }
}

#[tokio::test]
async fn a_layer_may_have_the_handler() {
    if !has("node", &["--version"]) {
        return;
    }
    let wrapper = "exports.handler = async () => require(`${process.env.LAMBDA_TASK_ROOT}/index.js`).where;";
    let files = [
        ("code/index.js", "exports.where = 'code';"),
        ("one/nodejs/node_modules/wrapper/handler.js", wrapper),
        ("two/README", ""),
    ];
    let entry = NODE.replace("index.handler", "/opt/nodejs/node_modules/wrapper/handler.handler");
    let project = Project::new(&files, &format!("{entry}\n{LAYERS}"));
    assert_eq!(project.call().await, r#""code""#);
}

#[tokio::test]
async fn a_package_json_above_the_code_says_nothing() {
    if !has("node", &["--version"]) {
        return;
    }
    let (common, module) =
        ("exports.handler = async () => require('./other.js').text;", "export const handler = async () => 1;");
    let syntax = "Runtime.UserCodeSyntaxError: SyntaxError: Unexpected token 'export'";
    for runtime in ["nodejs22.x", "nodejs24.x"] {
        for (text, package, expected) in
            [(common, None, r#""text""#), (module, None, syntax), (module, Some(r#"{"type":"module"}"#), "1")]
        {
            let mut files = vec![
                ("package.json", r#"{"type":"module"}"#),
                ("code/index.js", text),
                ("code/other.js", "exports.text = 'text';"),
            ];
            files.extend(package.map(|package| ("code/package.json", package)));
            let project = Project::new(&files, &NODE.replace("nodejs22.x", runtime));
            assert_eq!(project.call().await, expected, "{runtime}: {text}");
        }
    }
}

#[tokio::test]
async fn node_has_the_sdk_below_what_the_code_has() {
    if !has("npm", &["--version"]) {
        return;
    }
    // A registry with one package, so that nothing is fetched from elsewhere.
    let name = format!("@aws-sdk/client-of-test-{}", std::process::id());
    let registry = registry(&name);
    let npmrc = format!("registry=http://{registry}/\n");
    let common = format!("const {{ where }} = require(\"{name}\");\nexports.handler = async () => where;");
    let module = format!("import {{ where }} from '{name}';\nexport const handler = async () => where;");
    let own = format!("code/node_modules/{name}/index.js");
    for (index, own, expected) in [
        (("code/index.js", &*common), None, r#""sdk""#),
        (("code/index.mjs", &*module), None, r#""sdk""#),
        (("code/index.mjs", &*module), Some(&*own), r#""own""#),
    ] {
        let own = own.map(|file| (file, "exports.where = 'own';"));
        let files: Vec<_> = [index, ("code/.npmrc", &*npmrc)].into_iter().chain(own).collect();
        let project = Project::new(&files, NODE);
        project.prepare().await.unwrap();
        assert_eq!(project.call().await, expected, "{index:?}");
    }
    let lost =
        Project::new(&[("code/index.js", "require('@aws-sdk/client-of-nobody')"), ("code/.npmrc", &npmrc)], NODE);
    // Perhaps the file is not loaded.
    lost.prepare().await.unwrap();
    let notes = lost.fixture.router.notes();
    assert!(
        notes.iter().any(|note| note.contains("cannot install @aws-sdk/client-of-nobody, which Lambda has")),
        "{notes:?}"
    );
    let told = "Runtime.ImportModuleError: Error: Cannot find module '@aws-sdk/client-of-nobody'";
    assert_eq!(lost.call().await, told);
}

/// Serves a package of this name as npm's registry does; answers where.
fn registry(name: &str) -> std::net::SocketAddr {
    let folder = tempfile::tempdir().unwrap();
    let package = format!(r#"{{"name":"{name}","version":"3.0.0","main":"index.js"}}"#);
    std::fs::write(folder.path().join("package.json"), &package).unwrap();
    std::fs::write(folder.path().join("index.js"), "exports.where = 'sdk';").unwrap();
    let packed = Command::new("npm").args(["pack", "--silent"]).current_dir(folder.path()).output().unwrap();
    let archive = std::fs::read(folder.path().join(String::from_utf8(packed.stdout).unwrap().trim())).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let about = format!(
        r#"{{"name":"{name}","dist-tags":{{"latest":"3.0.0"}},"versions":{{"3.0.0":{}}}}}"#,
        package.replacen('{', &format!(r#"{{"dist":{{"tarball":"http://{address}/archive.tgz"}},"#), 1)
    );
    let path = format!("/{}", name.replace('/', "%2f"));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut first = String::new();
            let mut lines = BufReader::new(stream.try_clone().unwrap());
            let _ = lines.read_line(&mut first);
            let mut line = String::new();
            while lines.read_line(&mut line).is_ok_and(|length| length > 2) {
                line.clear();
            }
            let (status, body) = match first.split(' ').nth(1).unwrap_or_default() {
                asked if asked.eq_ignore_ascii_case(&path) => ("200 OK", about.as_bytes()),
                "/archive.tgz" => ("200 OK", &*archive),
                _ => ("404 Not Found", &b"{}"[..]),
            };
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
        }
    });
    address
}

#[tokio::test]
async fn requirements_that_cannot_be_read_are_told_with_what_to_do() {
    let project = Project::new(&[("code/app.py", ""), ("code/uv.lock", "")], PYTHON);
    let error = project.prepare().await.unwrap_err();
    let file = project.path("code/uv.lock");
    let Some(rest) = error.strip_prefix(Path::new(&file).to_str().unwrap()) else { panic!("{error}") };
    assert!(rest.starts_with(" has no pyproject.toml beside it; `uv export"), "{rest}");
}
