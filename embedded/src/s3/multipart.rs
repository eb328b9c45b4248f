//! Objects that are written in parts.
//!
//! S3 user guide, "Uploading and copying objects using multipart upload".
//!
//! Most programs send parts of one size. Such parts are written where they will be in the object, so that an upload is completed
//! without copying it; any other part is a file of its own.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use md5::{Digest, Md5};
use s3s::dto::{
    AbortMultipartUploadOutput, CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CompletedPart,
    CreateMultipartUploadInput, CreateMultipartUploadOutput, ETag, ListMultipartUploadsInput,
    ListMultipartUploadsOutput, ListPartsInput, ListPartsOutput, MultipartUpload,
};
use s3s::{S3Error, S3ErrorCode, S3Result, s3_error};
use time::OffsetDateTime;
use uuid::Uuid;

use super::attributes::{Part, attributes, encryption, kind, timestamp};
use super::checksum::{Algorithm, Checksum, Digested, hex, set_checksum};
use super::conditions::Writing;
use super::index::{Upload, UploadedPart};
use super::store::{Store, failed, kept, owner};
use crate::files::Written;

/// The folder of an upload that was given up is removed when nothing was written to it for as long.
const STALE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The least bytes of a part that is not the last one.
const PART_MIN: u64 = 5 << 20;

/// The most parts.
const PARTS: i32 = 10_000;

/// The most entries of one list.
const LIST_MAX: i32 = 1000;

/// The file in the folder of an upload that becomes the object.
const WHOLE: &str = "whole";

/// The file in the folder of an upload that says that no further part may be written in place.
const SEALED: &str = "sealed";

/// How the name of a file ends that says that a part is being written in place, or was.
const CLAIM: &str = "claim";

/// The checksums that an input has, by their algorithms.
macro_rules! told_checksums {
    ($input:expr) => {
        [
            ($crate::s3::checksum::Algorithm::Crc32, &$input.checksum_crc32),
            ($crate::s3::checksum::Algorithm::Crc32c, &$input.checksum_crc32c),
            ($crate::s3::checksum::Algorithm::Crc64Nvme, &$input.checksum_crc64nvme),
            ($crate::s3::checksum::Algorithm::Sha1, &$input.checksum_sha1),
            ($crate::s3::checksum::Algorithm::Sha256, &$input.checksum_sha256),
        ]
        .into_iter()
        .filter_map(|(algorithm, told)| Some((algorithm, told.as_deref()?)))
    };
}
/// A file for a part. Dropping it forgets the part.
#[derive(Debug)]
pub(super) struct PartFile {
    upload: Upload,
    number: i32,
    place: PartPlace,
}

#[derive(Debug)]
enum PartPlace {
    InPlace(Claim),
    Apart(tempfile::NamedTempFile),
}

/// Says that a part is being written, or was, where it will be in the object.
#[derive(Debug)]
struct Claim {
    file: PathBuf,
    holds: bool,
}

impl Drop for Claim {
    fn drop(&mut self) {
        if !self.holds {
            let _ = std::fs::remove_file(&self.file);
        }
    }
}

impl PartFile {
    /// The algorithm of the checksum that every part of the upload has.
    pub(super) fn algorithm(&self) -> Algorithm {
        self.upload.algorithm.unwrap_or(Algorithm::Crc64Nvme)
    }
}

impl Store {
    /// Forgets uploads whose folders are gone, and removes old folders.
    pub(super) fn forget_old_uploads(&self) {
        for entry in std::fs::read_dir(&self.uploads).into_iter().flatten().flatten() {
            let modified = entry.metadata().and_then(|metadata| metadata.modified());
            if modified.is_ok_and(|at| SystemTime::now().duration_since(at).is_ok_and(|age| age > STALE)) {
                // Another process may have removed it at the same moment.
                let _ = std::fs::remove_dir_all(entry.path());
            }
        }
        // What cannot be read now is told when it is used.
        self.write(|index| {
            for id in index.upload_ids().unwrap_or_default() {
                if !self.uploads.join(&id).is_dir() {
                    let _ = index.end_upload(&id);
                }
            }
        });
    }

    pub(super) fn begin_upload(&self, input: CreateMultipartUploadInput) -> S3Result<CreateMultipartUploadOutput> {
        self.bucket(&input.bucket)?;
        let named = |name: &str| {
            Algorithm::named(name).ok_or_else(|| {
                let name = name.to_owned();
                s3_error!(InvalidRequest, "Checksum algorithm provided is unsupported: {name}")
            })
        };
        let algorithm = input.checksum_algorithm.as_ref().map(|name| named(name.as_str())).transpose()?;
        let chosen = algorithm.unwrap_or(Algorithm::Crc64Nvme);
        let is_composite = match input.checksum_type.as_ref().map(s3s::dto::ChecksumType::as_str) {
            None => chosen.is_usually_composite(),
            Some(s3s::dto::ChecksumType::COMPOSITE) => true,
            Some(_) => false,
        };
        let can_be = if is_composite { chosen != Algorithm::Crc64Nvme } else { chosen.can_be_of_the_whole() };
        if !can_be {
            let (kind, name) = (kind(is_composite), chosen.name().to_ascii_lowercase());
            let kind = kind.as_str();
            return Err(s3_error!(
                InvalidRequest,
                "The {kind} checksum type cannot be used with the {name} checksum algorithm."
            ));
        }
        let (bucket, key) = (input.bucket, input.key);
        let attributes = attributes!(input);
        let id = Uuid::new_v4().simple().to_string();
        std::fs::create_dir_all(self.uploads.join(&id)).map_err(|error| failed("write", &key, &error))?;
        let started = OffsetDateTime::now_utc().unix_timestamp();
        let upload = Upload { id, bucket, key, started, algorithm, is_composite, attributes, slot: None };
        kept(self.write(|index| index.begin_upload(&upload)))?;
        Ok(CreateMultipartUploadOutput {
            checksum_algorithm: algorithm.map(|algorithm| algorithm.name().to_owned().into()),
            checksum_type: algorithm.map(|_| kind(is_composite)),
            server_side_encryption: Some(encryption()),
            bucket: Some(upload.bucket),
            key: Some(upload.key),
            upload_id: Some(upload.id),
            ..CreateMultipartUploadOutput::default()
        })
    }

    /// An upload that is under way, and its folder.
    pub(super) fn upload(&self, bucket: &str, key: &str, id: &str) -> S3Result<(Upload, PathBuf)> {
        self.bucket(bucket)?;
        let upload = kept(self.read(|index| index.upload(id)))?;
        let upload = upload.filter(|upload| upload.bucket == bucket && upload.key == key).ok_or_else(no_upload)?;
        let folder = self.uploads.join(&upload.id);
        if folder.is_dir() { Ok((upload, folder)) } else { Err(no_upload()) }
    }

    /// A file for a part, to be filled from where it stands. `length` is that of the part, where it is known.
    pub(super) fn begin_part(
        &self,
        (bucket, key, id): (&str, &str, &str),
        number: i32,
        length: Option<u64>,
    ) -> S3Result<(PartFile, File)> {
        if !(1..=PARTS).contains(&number) {
            return Err(s3_error!(InvalidArgument, "Part number must be an integer between 1 and 10000, inclusive"));
        }
        let (mut upload, folder) = self.upload(bucket, key, id)?;
        let unwritable = |error: io::Error| failed("write a part of", key, &error);
        if let (None, Some(length)) = (upload.slot, length)
            && length >= PART_MIN
        {
            upload.slot = kept(self.write(|index| index.slot(id, length)))?;
        }
        if let (Some(slot), Some(length)) = (upload.slot, length)
            && length <= slot
            && let Some((claim, file)) = in_place(&folder, number, slot).map_err(unwritable)?
        {
            return Ok((PartFile { upload, number, place: PartPlace::InPlace(claim) }, file));
        }
        let apart = tempfile::NamedTempFile::new_in(&folder).map_err(unwritable)?;
        let file = apart.reopen().map_err(unwritable)?;
        Ok((PartFile { upload, number, place: PartPlace::Apart(apart) }, file))
    }

    /// Keeps a part whose file was filled; its tag.
    pub(super) fn keep_part(&self, part: PartFile, found: &Digested) -> S3Result<String> {
        let PartFile { upload, number, place } = part;
        let row = UploadedPart {
            number,
            size: found.length,
            md5: found.md5,
            checksums: found.checksums.clone(),
            is_in_place: matches!(place, PartPlace::InPlace(_)),
            modified: OffsetDateTime::now_utc().unix_timestamp(),
        };
        self.write(|index| {
            // It may have been ended meanwhile.
            let unfinished = kept(index.upload(&upload.id))?.ok_or_else(no_upload)?;
            match place {
                PartPlace::InPlace(mut claim) => {
                    kept(index.keep_part(&upload.id, &row))?;
                    claim.holds = true;
                }
                PartPlace::Apart(apart) => {
                    let path = self.uploads.join(&upload.id).join(number.to_string());
                    let kept_file = apart.persist(path).map_err(|error| error.error);
                    kept_file.map_err(|error| failed("write a part of", &unfinished.key, &error))?;
                    kept(index.keep_part(&upload.id, &row))?;
                }
            }
            Ok(hex(&found.md5))
        })
    }

    pub(super) fn complete_upload(
        &self,
        input: CompleteMultipartUploadInput,
    ) -> S3Result<CompleteMultipartUploadOutput> {
        let conditions = Writing::new(input.if_match.clone(), input.if_none_match.clone())?;
        let (upload, folder) = self.upload(&input.bucket, &input.key, &input.upload_id)?;
        let asked = input.multipart_upload.as_ref().and_then(|upload| upload.parts.as_deref()).unwrap_or_default();
        let there = kept(self.read(|index| index.parts(&upload.id)))?;
        let parts = chosen(asked, &there)?;
        let size: u64 = parts.iter().map(|part| part.size).sum();
        if input.mpu_object_size.is_some_and(|told| u64::try_from(told).ok() != Some(size)) {
            let message = "The provided 'x-amz-mp-object-size' header does not match what was computed.";
            return Err(s3_error!(InvalidRequest, "{message}"));
        }
        let checksum = checksum_of(&upload, &parts);
        check_whole(&input, checksum.as_ref(), upload.is_composite)?;

        let mut attributes = upload.attributes.clone();
        let tags: Vec<u8> = parts.iter().flat_map(|part| part.md5).collect();
        attributes.etag = format!("{}-{}", hex(&Md5::digest(tags)), parts.len());
        let of_parts = upload.algorithm.filter(|_| upload.is_composite);
        attributes.parts = parts
            .iter()
            .map(|part| Part {
                number: part.number,
                size: part.size,
                checksum: of_parts.and_then(|algorithm| part.checksums.get(&algorithm).cloned()),
            })
            .collect();
        attributes.checksum = checksum;

        let unwritable = |error: io::Error| failed("write", &upload.key, &error);
        let whole = folder.join(WHOLE);
        let slot = upload.slot.unwrap_or_default();
        let written = if is_whole(&parts, slot) && seal(&folder, &there).map_err(unwritable)? {
            OpenOptions::new().write(true).open(&whole).and_then(|file| file.set_len(size)).map_err(unwritable)?;
            Written::at(whole).map_err(unwritable)?
        } else {
            self.join(&folder, &parts, slot).map_err(unwritable)?
        };
        let event = "ObjectCreated:CompleteMultipartUpload";
        self.place(&upload.bucket, &upload.key, written, &attributes, &conditions, event)?;
        kept(self.write(|index| index.end_upload(&upload.id)))?;
        let _ = std::fs::remove_dir_all(&folder);

        let Upload { bucket, key, .. } = upload;
        let mut output = CompleteMultipartUploadOutput {
            location: Some(format!("/{bucket}/{key}")),
            e_tag: Some(ETag::Strong(attributes.etag)),
            server_side_encryption: Some(encryption()),
            bucket: Some(bucket),
            key: Some(key),
            ..CompleteMultipartUploadOutput::default()
        };
        if let Some(checksum) = attributes.checksum {
            output.checksum_type = Some(kind(checksum.is_composite));
            set_checksum!(output, checksum.algorithm, checksum.value);
        }
        Ok(output)
    }

    /// The parts, one behind the other, in a file of their own.
    fn join(&self, folder: &Path, parts: &[UploadedPart], slot: u64) -> io::Result<Written> {
        let joined = self.staging.create()?;
        let mut file = joined.as_file();
        for part in parts {
            let copied = if part.is_in_place {
                let mut whole = File::open(folder.join(WHOLE))?;
                whole.seek(SeekFrom::Start(offset(part.number, slot)))?;
                io::copy(&mut whole.take(part.size), &mut file)?
            } else {
                io::copy(&mut File::open(folder.join(part.number.to_string()))?, &mut file)?
            };
            if copied != part.size {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Written::of(joined)
    }

    pub(super) fn abort_upload(&self, bucket: &str, key: &str, id: &str) -> S3Result<AbortMultipartUploadOutput> {
        let (upload, folder) = self.upload(bucket, key, id)?;
        kept(self.write(|index| index.end_upload(&upload.id)))?;
        let _ = std::fs::remove_dir_all(folder);
        Ok(AbortMultipartUploadOutput::default())
    }

    pub(super) fn list_parts(&self, input: ListPartsInput) -> S3Result<ListPartsOutput> {
        let (upload, _) = self.upload(&input.bucket, &input.key, &input.upload_id)?;
        let marker = input.part_number_marker.unwrap_or_default();
        let max_parts = input.max_parts.unwrap_or(LIST_MAX).clamp(0, LIST_MAX);
        let room = usize::try_from(max_parts).unwrap_or_default();
        let mut parts = kept(self.read(|index| index.parts(&upload.id)))?;
        parts.retain(|part| part.number > marker);
        let is_truncated = parts.len() > room;
        parts.truncate(room);
        let next_part_number_marker = parts.last().map(|part| part.number);
        let told = parts.into_iter().map(|part| {
            let mut told = s3s::dto::Part {
                part_number: Some(part.number),
                size: i64::try_from(part.size).ok(),
                e_tag: Some(ETag::Strong(hex(&part.md5))),
                last_modified: Some(timestamp(part.modified)),
                ..s3s::dto::Part::default()
            };
            if let Some((algorithm, value)) =
                upload.algorithm.and_then(|algorithm| part.checksums.get_key_value(&algorithm))
            {
                set_checksum!(told, algorithm, value.clone());
            }
            told
        });
        Ok(ListPartsOutput {
            parts: Some(told.collect()),
            is_truncated: Some(is_truncated),
            max_parts: Some(max_parts),
            part_number_marker: Some(marker),
            next_part_number_marker: Some(next_part_number_marker.unwrap_or_default()),
            owner: Some(owner()),
            storage_class: Some(upload.attributes.storage_class.unwrap_or_else(|| "STANDARD".to_owned()).into()),
            checksum_algorithm: upload.algorithm.map(|algorithm| algorithm.name().to_owned().into()),
            checksum_type: upload.algorithm.map(|_| kind(upload.is_composite)),
            bucket: Some(upload.bucket),
            key: Some(upload.key),
            upload_id: Some(upload.id),
            ..ListPartsOutput::default()
        })
    }

    pub(super) fn list_uploads(&self, input: ListMultipartUploadsInput) -> S3Result<ListMultipartUploadsOutput> {
        self.bucket(&input.bucket)?;
        if input.delimiter.as_ref().is_some_and(|delimiter| !delimiter.is_empty()) {
            return Err(s3_error!(
                NotImplemented,
                "A delimiter in a list of uploads is not part of the embedded S3: list them by prefix"
            ));
        }
        let prefix = input.prefix.clone().unwrap_or_default();
        let mut uploads = kept(self.read(|index| index.uploads(&input.bucket, &prefix)))?;
        let after = (input.key_marker.clone().unwrap_or_default(), input.upload_id_marker.clone());
        uploads.retain(|upload| match &after {
            (key, Some(id)) if !id.is_empty() => (&upload.key, &upload.id) > (key, id),
            (key, _) => upload.key > *key,
        });
        let max_uploads = input.max_uploads.unwrap_or(LIST_MAX).clamp(0, LIST_MAX);
        let room = usize::try_from(max_uploads).unwrap_or_default();
        let is_truncated = uploads.len() > room;
        uploads.truncate(room);
        let next = uploads.last().filter(|_| is_truncated);
        let encode = |text: String| super::objects::encoded(text, input.encoding_type.as_ref());
        Ok(ListMultipartUploadsOutput {
            is_truncated: Some(is_truncated),
            next_key_marker: next.map(|upload| encode(upload.key.clone())),
            next_upload_id_marker: next.map(|upload| upload.id.clone()),
            max_uploads: Some(max_uploads),
            key_marker: Some(encode(after.0)),
            upload_id_marker: after.1,
            prefix: Some(encode(prefix)),
            uploads: Some(
                uploads
                    .into_iter()
                    .map(|upload| MultipartUpload {
                        checksum_algorithm: upload.algorithm.map(|algorithm| algorithm.name().to_owned().into()),
                        checksum_type: upload.algorithm.map(|_| kind(upload.is_composite)),
                        initiated: Some(timestamp(upload.started)),
                        owner: Some(owner()),
                        storage_class: Some(
                            upload.attributes.storage_class.unwrap_or_else(|| "STANDARD".to_owned()).into(),
                        ),
                        key: Some(encode(upload.key)),
                        upload_id: Some(upload.id),
                        ..MultipartUpload::default()
                    })
                    .collect(),
            ),
            encoding_type: input.encoding_type,
            bucket: Some(input.bucket),
            ..ListMultipartUploadsOutput::default()
        })
    }
}

/// The file that becomes the object, standing where a part begins; none where that part is or was being written there.
fn in_place(folder: &Path, number: i32, slot: u64) -> io::Result<Option<(Claim, File)>> {
    let claim = folder.join(number.to_string()).with_extension(CLAIM);
    match File::create_new(&claim) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
        created => drop(created?),
    }
    let claim = Claim { file: claim, holds: false };
    // Whoever seals looks for claims afterwards: one of the two sees the other.
    if folder.join(SEALED).exists() {
        return Ok(None);
    }
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    let mut file = options.open(folder.join(WHOLE))?;
    file.seek(SeekFrom::Start(offset(number, slot)))?;
    Ok(Some((claim, file)))
}

/// Lets no further part be written in place. Whether nobody writes one now: every claim is of a part that is `there`.
fn seal(folder: &Path, there: &[UploadedPart]) -> io::Result<bool> {
    File::create(folder.join(SEALED))?;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != CLAIM) {
            continue;
        }
        let number = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
        let is_there = number.is_some_and(|number: i32| {
            there.binary_search_by_key(&number, |part| part.number).is_ok_and(|at| there[at].is_in_place)
        });
        if !is_there {
            return Ok(false);
        }
    }
    Ok(true)
}

fn offset(number: i32, slot: u64) -> u64 {
    u64::try_from(number).unwrap_or(1).saturating_sub(1).saturating_mul(slot)
}

/// Whether parts that were written in place are the whole object.
fn is_whole(parts: &[UploadedPart], slot: u64) -> bool {
    let last = parts.len().saturating_sub(1);
    let fits = |(at, part): (usize, &UploadedPart)| {
        let is_next = usize::try_from(part.number).is_ok_and(|number| number == at + 1);
        part.is_in_place && is_next && (part.size == slot || at == last)
    };
    parts.iter().enumerate().all(fits)
}

/// The parts that an upload is completed with.
fn chosen(asked: &[CompletedPart], there: &[UploadedPart]) -> S3Result<Vec<UploadedPart>> {
    if asked.is_empty() {
        return Err(s3_error!(
            MalformedXML,
            "The XML you provided was not well-formed or did not validate against our published schema"
        ));
    }
    let numbers: Vec<_> = asked.iter().map(|part| part.part_number.unwrap_or_default()).collect();
    if !numbers.is_sorted_by(|one, next| one < next) {
        return Err(s3_error!(
            InvalidPartOrder,
            "The list of parts was not in ascending order. Parts must be ordered by part number."
        ));
    }
    let invalid = || {
        s3_error!(
            InvalidPart,
            "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag."
        )
    };
    let mut parts = Vec::with_capacity(asked.len());
    for asked in asked {
        let at = there.binary_search_by_key(&asked.part_number.unwrap_or_default(), |part| part.number);
        let part = at.ok().and_then(|at| there.get(at)).ok_or_else(invalid)?;
        if asked.e_tag.as_ref().is_some_and(|tag| tag.value() != hex(&part.md5)) {
            return Err(invalid());
        }
        for (algorithm, told) in told_checksums!(asked) {
            if part.checksums.get(&algorithm).is_some_and(|value| value != told) {
                return Err(invalid());
            }
        }
        parts.push(part.clone());
    }
    if parts.iter().rev().skip(1).any(|part| part.size < PART_MIN) {
        return Err(s3_error!(EntityTooSmall, "Your proposed upload is smaller than the minimum allowed size"));
    }
    Ok(parts)
}

/// The checksum of an object from those of its parts.
fn checksum_of(upload: &Upload, parts: &[UploadedPart]) -> Option<Checksum> {
    let algorithm = upload.algorithm.unwrap_or(Algorithm::Crc64Nvme);
    let checksums: Option<Vec<_>> = parts.iter().map(|part| part.checksums.get(&algorithm)).collect();
    let checksums = checksums?;
    let value = if upload.is_composite {
        let value = algorithm.of_checksums(checksums.iter().map(|checksum| checksum.as_str()))?;
        format!("{value}-{}", parts.len())
    } else {
        let parts: Vec<_> = checksums.into_iter().cloned().zip(parts.iter().map(|part| part.size)).collect();
        algorithm.of_the_whole(&parts)?
    };
    Some(Checksum { algorithm, value, is_composite: upload.is_composite })
}

/// Refuses a checksum of the whole that is not what came of the parts.
fn check_whole(input: &CompleteMultipartUploadInput, checksum: Option<&Checksum>, is_composite: bool) -> S3Result<()> {
    if input.checksum_type.as_ref().is_some_and(|told| *told != kind(is_composite)) {
        let (told, begun) = (input.checksum_type.as_ref().map_or("", |told| told.as_str()), kind(is_composite));
        let begun = begun.as_str();
        return Err(s3_error!(
            InvalidRequest,
            "The upload was created using the {begun} checksum mode. The complete request must use the same checksum mode, not {told}."
        ));
    }
    for (algorithm, told) in told_checksums!(input) {
        if checksum.is_some_and(|checksum| checksum.algorithm == algorithm && checksum.value != told) {
            let name = algorithm.name();
            return Err(s3_error!(BadDigest, "The {name} you specified did not match the calculated checksum."));
        }
    }
    Ok(())
}

pub(super) fn no_upload() -> S3Error {
    let message = "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.";
    S3Error::with_message(S3ErrorCode::NoSuchUpload, message)
}
