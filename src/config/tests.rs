//! Settings by name, from nothing but a list.

use domain::picture::Limits;

use super::*;

fn read(settings: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let get = |name: &str| {
        settings.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    };
    Config::read(&get, Overrides::default())
}

#[test]
fn without_any_setting_it_is_one_process_on_loopback() {
    let config = read(&[]).unwrap();
    assert_eq!(config.roles, Role::ALL);
    assert_eq!(config.listen.to_string(), "127.0.0.1:3000");
    assert_eq!(config.storage_input_path, PathBuf::from("data/storage/images/input"));
    assert_eq!((config.concurrency, config.max_retries), (5, 3));
}

#[test]
fn every_name_is_honoured() {
    let config = read(&[
        ("ROLES", "ams, images"),
        ("SERVER_PORT", "8081"),
        ("STORAGE_INPUT_PATH", "in"),
        ("STORAGE_OUTPUT_PATH", "out"),
        ("CONCURRENCY", "2"),
        ("MAX_RETRIES", "0"),
        ("IMAGE_PRESETS", "thumb.jpg=160"),
        ("WORKER_ID", "w7"),
        ("APP_VERSION", "9"),
        ("LOG_FORMAT", "json"),
    ])
    .unwrap();
    assert_eq!(config.roles, [Role::Ams, Role::Images]);
    assert_eq!(config.listen.port(), 8081);
    assert_eq!(config.storage_output_path, PathBuf::from("out"));
    assert_eq!((config.concurrency, config.max_retries), (2, 0));
    assert_eq!(config.pictures.presets.to_string(), "thumb.jpg=160");
    assert_eq!(config.log_format, LogFormat::Json);
}

#[test]
fn what_a_picture_may_ask_of_us_can_be_set() {
    assert_eq!(read(&[]).unwrap().pictures.limits, Limits::default());
    let settings = [
        ("IMAGE_MB_MAX", "30"),
        ("IMAGE_MEGAPIXELS_MAX", "64"),
        ("IMAGE_SIDE_MAX", "20000"),
        ("IMAGE_FRAMES_MAX", "1"),
        ("IMAGE_SCANS_MAX", "12"),
        ("IMAGE_MEMORY_MB_MAX", "500"),
    ];
    let config = read(&settings).unwrap();
    let expected = Limits {
        body_bytes_max: 30_000_000,
        pixels_max: 64_000_000,
        side_pixels_max: 20_000,
        frames_max: 1,
        scans_max: 12,
        decode_bytes_max: 500_000_000,
    };
    assert_eq!(config.pictures.limits, expected);
    let described = config.describe();
    for (name, value) in settings {
        assert!(described.contains(&format!("\n{name}={value}\n")), "{name}: {described}");
    }
}

#[test]
fn a_secret_may_lie_in_a_file_and_is_never_described() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "s3cret\n").unwrap();
    let config = read(&[("API_KEY_FILE", file.path().to_str().unwrap())]).unwrap();
    assert!(config.api_keys.holder("s3cret").is_some());
    assert!(!config.describe().contains("s3cret"), "{}", config.describe());
}

#[test]
fn a_wrong_setting_is_named() {
    for (name, value) in [
        ("SERVER_PORT", "http"),
        ("CONCURRENCY", "0"),
        ("MAX_RETRIES", "-1"),
        ("IMAGE_PRESETS", "thumb.gif=160"),
        ("IMAGE_MEGAPIXELS_MAX", "0"),
        ("IMAGE_SIDE_MAX", "65536"),
        ("IMAGE_MEMORY_MB_MAX", "360MB"),
        ("ROLES", "ams,king"),
        ("LISTEN", "everywhere"),
        ("LOG_FORMAT", "xml"),
        ("API_KEY_FILE", "no/such/file"),
        ("ALLOW_NO_API_KEY", "perhaps"),
    ] {
        let message = read(&[(name, value)]).unwrap_err().to_string();
        assert!(message.starts_with(&format!("{name}: ")), "{message}");
    }
}

#[test]
fn without_a_key_nobody_else_is_served_unless_that_is_asked_for() {
    let everywhere = ("LISTEN", "0.0.0.0");
    let refused = read(&[everywhere]).unwrap().require_key_beyond_loopback();
    assert!(refused.unwrap_err().to_string().starts_with("API_KEY: "));
    for settings in [
        vec![],
        vec![("LISTEN", "[::1]:3000")],
        vec![everywhere, ("API_KEY", "s3cret")],
        vec![everywhere, ("ALLOW_NO_API_KEY", "true")],
    ] {
        assert_eq!(read(&settings).unwrap().require_key_beyond_loopback(), Ok(()), "{settings:?}");
    }
}
