Feature: A father drives 640 miles each way
  His nights fall on 30 September and 1 October 2026, in two rate years.

  Scenario: Each night is held to the rate of its own date, and one colleague may approve and release
    Given Ana enters the family of story d
    When the request is checked
    Then the night of 30 September is covered at $110.00
    And the night of 1 October is covered at $113.00
    And the drive is covered at $928.00
    When Ben approves and releases it
    Then $1,151.00 is paid by Stripe and $0.00 by logged payments
    And the books balance
