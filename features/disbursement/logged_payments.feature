Feature: A payment made elsewhere counts when a second person has checked it

  Scenario: The person who wrote it down cannot be the one who checks it
    Given a released award with a bill to be logged
    When Ben logs the payment
    And Ben tries to verify it
    Then he is turned away
    And nothing is expended yet
    When Carla verifies it
    Then the bill is expended

  Scenario: A check nobody cashed is asked after, and owed again once the bank has stopped it
    Given a released award with a bill to be logged
    When Ben logs a check sent three months ago, and attaches the vendor's message
    And Carla verifies it
    Then the bill is expended
    When the check grows too old
    Then finance is asked about a check nobody cashed
    When Carla says that the bank stopped it
    Then nothing is expended yet
    And the bill waits to be logged again

  Scenario: A payee without consent is paid without Stripe
    Given a mother who did not consent to Stripe
    When her award is released
    Then her payment waits to be logged
    And Stripe has never heard of her
