-- CreateTable
CREATE TABLE "reviews" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "order_id" INTEGER NOT NULL,
    "stars" INTEGER NOT NULL,
    "verified" BOOLEAN NOT NULL,

    CONSTRAINT "reviews_pkey" PRIMARY KEY ("id")
);

-- Guarded, as hand-written migrations often are: schemalign runs the block.
DO $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM information_schema.columns WHERE table_name = 'orders' AND column_name = 'placed_at'
    ) THEN
        ALTER TABLE "orders" ADD COLUMN "placed_at" TIMESTAMPTZ(6);
    END IF;
END $$;
