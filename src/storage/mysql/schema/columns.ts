/** Types of columns that several tables have. */

export const OPTIONS = 'ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin';

/** As long as the protocol lets them be; a name has up to 64 code points of 4 bytes, a device up to 128. */
export const ID = 'VARBINARY(64)';
export const USERNAME = 'VARBINARY(256)';
export const DEVICE = 'VARBINARY(512)';
/** Hex SHA-256. */
export const HASH = 'VARBINARY(64)';
export const COUNT = 'BIGINT UNSIGNED NOT NULL';
export const STATUS = 'VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL';
