"""Operations: diagnosing an installation, and handling dead letters."""
