/** Environment variable by which an owner lends the engine a folder for statistics of calibration. */
export const measurementsVariable = 'QSPEC_MEASUREMENTS';
